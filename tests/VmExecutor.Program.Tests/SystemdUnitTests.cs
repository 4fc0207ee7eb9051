using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Core.Egress;
using VmExecutor.Host.Egress;
using VmExecutor.RunnerSimulator.Drivers;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>The units in <c>executor/systemd</c>: systemd understands them, the program understands their commands, and nothing in them hinders it.</summary>
public sealed class SystemdUnitTests : IDisposable
{
    private const string Gc = "vm-executor-gc.service";
    private const string AtBoot = "vm-executor-gc-boot.service";
    private const string Timer = "vm-executor-gc.timer";
    private const string Publish = "vm-executor-publish.service";
    private const string PublishTimer = "vm-executor-publish.timer";
    private const string Warm = "vm-executor-warm.service";
    private const string WarmTimer = "vm-executor-warm.timer";
    private const string Standby = "vm-executor-standby.service";
    private const string StandbyTimer = "vm-executor-standby.timer";
    private const string Firewall = "vm-executor-firewall.service";
    private const string Wall = "vm-executor-wall.service";
    private const string Names = EgressServers.Unit;

    // A job's TMPDIR, other users' processes and the files of jobs must be seen and may be removed; .NET compiles while it runs.
    private static readonly string[] Hindrances =
    [
        "PrivateTmp", "PrivateMounts", "PrivatePIDs", "PrivateUsers", "ProtectProc", "ProtectHome", "ProcSubset", "InaccessiblePaths", "ReadOnlyPaths",
        "TemporaryFileSystem", "RootDirectory", "RootImage", "DynamicUser", "MemoryDenyWriteExecute", "CapabilityBoundingSet", "PrivateNetwork",
    ];

    private static readonly string[] All = [Gc, AtBoot, Timer, Publish, PublishTimer, Warm, WarmTimer, Standby, StandbyTimer, Firewall, Wall, Names];

    private readonly StageBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(Gc)]
    [InlineData(AtBoot)]
    public async Task The_program_understands_the_command_of_a_unit(string unit)
    {
        var command = Command(unit);
        var config = command[Array.IndexOf(command, "--config") + 1];

        var exit = await _bench.RunAsync([.. command[1..].Select(argument => argument == config ? _bench.PathOf("vm-executor.yaml") : argument)]);

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Output.Should().Be("0 removed, 0 failed, 0 jobs in use\n");
        exit.Error.Should().BeEmpty();
    }

    [Fact]
    public async Task The_program_understands_the_command_that_publishes_and_goes_through_all_images()
    {
        var command = Command(Publish);
        var config = command[Array.IndexOf(command, "--config") + 1];

        var exit = await _bench.RunAsync([.. command[1..].Select(argument => argument == config ? _bench.PathOf("vm-executor.yaml") : argument)]);

        // The bench's disks are empty files.
        exit.Output.Should().Contain("0 of 2 images are up to date\n");
        exit.Error.Should().Contain("base.qcow2");
        command.Should().Contain(["--if-changed", "--warm"]);
    }

    [Fact]
    public async Task The_program_understands_the_command_that_makes_templates()
    {
        var command = Command(Warm);
        var config = command[Array.IndexOf(command, "--config") + 1];

        var exit = await _bench.RunAsync([.. command[1..].Select(argument => argument == config ? _bench.PathOf("vm-executor.yaml") : argument)]);

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Output.Should().StartWith("no image has 'warm: {enabled: true}'");
        command.Should().Contain(["--all", "--if-needed"]);
    }

    [Fact]
    public async Task The_program_understands_the_command_that_makes_standby_clones()
    {
        var command = Command(Standby);
        var config = command[Array.IndexOf(command, "--config") + 1];

        var exit = await _bench.RunAsync([.. command[1..].Select(argument => argument == config ? _bench.PathOf("vm-executor.yaml") : argument)]);

        exit.ExitCode.Should().Be(0, exit.ToString());
        command.Should().Contain(["standby", "fill"]);
        Values(Standby, "KillMode").Should().Equal(["process"], "the ssh masters of the clones live under it");
    }

    [Theory]
    [InlineData(Gc)]
    [InlineData(AtBoot)]
    [InlineData(Publish)]
    [InlineData(Warm)]
    [InlineData(Standby)]
    public void A_unit_expects_program_and_configuration_where_the_runner_does(string unit)
    {
        var runner = File.ReadAllText(Path.Combine(BuiltDriver.Checkout(), "executor/config.toml"));

        var command = Command(unit);

        runner.Should().Contain($"cleanup_exec = \"{Path.GetDirectoryName(command[0])}/cleanup\"");
        runner.Should().Contain($"cleanup_args = [\"--config\", \"{command[^1]}\"]");
        Path.GetFileName(command[0]).Should().Be("vm-executor");
        Values(unit, "ConditionPathExists").Should().Equal(command[^1]);
    }

    [Theory]
    [InlineData(Gc)]
    [InlineData(AtBoot)]
    [InlineData(Publish)]
    [InlineData(Warm)]
    [InlineData(Standby)]
    public void Nothing_in_a_unit_hides_what_it_must_see(string unit)
    {
        var options = Lines(unit).Select(line => line.Split('=')[0]);

        options.Should().NotIntersectWith(Hindrances);
        Values(unit, "ProtectSystem").Should().Equal(["full"], "with strict nothing of a job could be removed");
    }

    [Fact]
    public void The_collection_at_boot_comes_before_the_runner_and_can_neither_block_nor_fail_it()
    {
        Values(AtBoot, "Before").Should().Equal("gitlab-runner.service");
        Values(AtBoot, "TimeoutStartSec").Should().Equal("1min");
        Lines(AtBoot).Should().NotContain(line => line.StartsWith("RequiredBy=", StringComparison.Ordinal));
        Values(AtBoot, "WantedBy").Should().Equal("multi-user.target");
    }

    [Fact]
    public void Both_collections_run_under_the_same_conditions()
    {
        static IEnumerable<string> Of(string unit) => Lines(unit).SkipWhile(line => line != "[Service]").TakeWhile(line => line != "[Install]")
            .Where(line => !line.StartsWith("TimeoutStartSec=", StringComparison.Ordinal));

        Of(AtBoot).Should().Equal(Of(Gc));
    }

    [Fact]
    public void The_timer_starts_the_service_of_its_name_every_ten_minutes()
    {
        Values(Timer, "Unit").Should().BeEmpty("then it is the service of the same name");
        File.Exists(PathOf(Path.ChangeExtension(Timer, ".service"))).Should().BeTrue();
        Values(Timer, "OnUnitInactiveSec").Should().Equal("10min");
        Values(Timer, "WantedBy").Should().Equal("timers.target");
    }

    [Fact]
    public void Nothing_in_the_unit_that_publishes_keeps_a_recipe_from_making_a_system()
    {
        var options = Lines(Publish).Select(line => line.Split('=')[0]);

        options.Should().NotContain(["RestrictSUIDSGID", "NoNewPrivileges", "ProtectKernelTunables", "SystemCallFilter", "RestrictNamespaces"]);
        Values(Publish, "KillMode").Should().Equal(["mixed"], "the driver ends and removes what it has begun by itself");
    }

    [Fact]
    public void Images_are_published_every_night_not_by_all_hosts_at_once_and_later_where_the_host_was_off()
    {
        Values(PublishTimer, "Unit").Should().BeEmpty("then it is the service of the same name");
        Values(PublishTimer, "OnCalendar").Should().Equal("*-*-* 02:30:00");
        Values(PublishTimer, "RandomizedDelaySec").Should().Equal("1h");
        Values(PublishTimer, "Persistent").Should().Equal("true");
        Values(PublishTimer, "WantedBy").Should().Equal("timers.target");
        Lines(Publish).Should().NotContain(line => line.StartsWith("WantedBy=", StringComparison.Ordinal), "a boot is no reason to publish");
    }

    [Fact]
    public void Templates_are_made_after_a_boot_and_after_the_hour_in_which_Debian_updates_QEMU()
    {
        Values(WarmTimer, "Unit").Should().BeEmpty("then it is the service of the same name");
        Values(WarmTimer, "OnBootSec").Should().Equal("2min");
        Values(WarmTimer, "OnCalendar").Should().Equal("*-*-* 07:30:00");
        Values(WarmTimer, "WantedBy").Should().Equal("timers.target");
        Values(Warm, "KillMode").Should().Equal(["mixed"], "the driver ends and removes what it has begun by itself");
        Values(Warm, "After").Should().ContainSingle().Which.Split(' ').Should().Contain(Publish, "a night's publishing that is made up for after a boot makes templates itself, and holds the image");
        Lines(Warm).Should().NotContain(line => line.StartsWith("WantedBy=", StringComparison.Ordinal), "the timer waits until the host is up");
    }

    [Fact]
    public void The_firewall_comes_back_whenever_the_hosts_own_is_loaded_anew()
    {
        // Whose configuration begins with 'flush ruleset' on Debian.
        Values(Firewall, "PartOf").Should().Equal("nftables.service");
        Values(Firewall, "ReloadPropagatedFrom").Should().Equal("nftables.service");
        Values(Firewall, "ExecReload").Should().Equal(Values(Firewall, "ExecStart"));
        File.ReadAllText(Path.Combine(BuiltDriver.Checkout(), "executor/firewall/guests.nft")).Should().Contain($"\n{Values(Firewall, "ExecStop").Single()["nft ".Length..]}\n", "it stops what it has started");
        Values(Firewall, "ConditionPathExists").Should().Equal(Core.Health.GuestFirewall.RulesFile);
        Values(Firewall, "ExecStart").Should().Equal($"nft -f {Core.Health.GuestFirewall.RulesFile}");
    }

    [Fact]
    public void The_drivers_own_rules_come_back_whenever_the_hosts_firewall_is_loaded_anew()
    {
        Values(Wall, "PartOf").Should().Equal("nftables.service");
        Values(Wall, "ReloadPropagatedFrom").Should().Equal("nftables.service");
        Values(Wall, "ExecReload").Should().Equal(Values(Wall, "ExecStart"));
        Values(Wall, "ExecStart").Single().Should().Contain($"nft -f /run/vm-executor/firewall/{Host.Firewall.GuestWall.RulesName}");
    }

    [Fact]
    public void The_name_server_of_a_policy_has_the_drivers_files_and_its_limit_and_may_write_nothing_else()
    {
        var files = new EgressFiles(EgressWall.OfHost, "%i");

        Values(Names, "ExecStart").Should().Equal($"dnsmasq --conf-file={files.Configuration}");
        Values(Names, "ConditionPathExists").Should().Equal(files.Configuration.Value);
        Values(Names, "PIDFile").Should().Equal(files.Pid.Value);
        Values(Names, "LimitFSIZE").Should().Equal($"{EgressReading.LongestLog}");
        Values(Names, "ProtectSystem").Should().Equal("strict");
        Values(Names, "ReadWritePaths").Should().Equal(EgressWall.OfHost.Value);
        Lines(Names).Should().NotContain("[Install]", "a boot is no reason to start one");
    }

    [Fact(Timeout = 60_000)]
    public async Task Systemd_finds_nothing_wrong_with_the_units()
    {
        var analyze = new[] { "/usr/bin/systemd-analyze", "/bin/systemd-analyze" }.FirstOrDefault(File.Exists);
        if (analyze is null)
        {
            const string Missing = "there is no systemd-analyze here: apt-get install systemd";
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", Missing);
            Assert.Fail($"a prerequisite is missing in CI: {Missing}");
        }

        // It looks whether the command is there, which is so on a host where the driver is installed.
        var program = Command(Gc)[0];
        foreach (var unit in All)
        {
            _bench.Write($"units/{unit}", File.ReadAllText(PathOf(unit)).Replace(program, BuiltDriver.BuiltProgram(), StringComparison.Ordinal));
        }

        var start = new ProcessStartInfo(analyze, ["verify", "--man=no", .. All.Select(unit => _bench.PathOf($"units/{unit}"))])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        // An unknown key is only a line on stderr, and exit code 0.
        (await output + error).Should().BeEmpty();
        process.ExitCode.Should().Be(0);
    }

    private static string[] Command(string unit) => Values(unit, "ExecStart").Should().ContainSingle().Which.Split(' ');

    private static IReadOnlyList<string> Values(string unit, string option) =>
        [.. Lines(unit).Where(line => line.StartsWith($"{option}=", StringComparison.Ordinal)).Select(line => line[(option.Length + 1)..])];

    private static IReadOnlyList<string> Lines(string unit) =>
        [.. File.ReadLines(PathOf(unit)).Where(line => line.Length > 0 && line[0] is not ('#' or ';'))];

    private static string PathOf(string unit) => Path.Combine(BuiltDriver.Checkout(), "executor/systemd", unit);
}
