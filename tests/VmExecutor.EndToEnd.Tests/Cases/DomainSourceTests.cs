using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Clones of a domain that libvirt knows.</summary>
[AlwaysCold("the source itself is cloned, and only published generations have templates")]
public sealed class DomainSourceTests(TestMachine machine) : BenchTest(machine)
{
    [Fact(Timeout = HangLimit)]
    public async Task A_domain_with_two_disks_is_cloned_with_both_and_not_touched()
    {
        await using var source = await DefineAsync();
        Bench.With(new ImageYaml { Domain = source.Name });
        var before = await source.FingerprintAsync(Machine.Guest);
        var session = Bench.Open(new SimulatedJob { Id = 61 });
        await session.ConfigAsync();

        var prepare = await session.PrepareAsync();
        var run = await session.RunAsync(
            SubStages.BuildScript,
            "mountpoint -q /mnt/data; cat /mnt/data/hello; echo changed > /builds/changed; sync; cat /proc/cpuinfo | grep -c ^processor");
        var disks = await DisksAsync();
        var bases = await Task.WhenAll(disks.Select(BackingFileAsync));
        var cleanup = await session.CleanupAsync();

        prepare.ExitCode.Should().Be(0, prepare.ToString());
        run.ExitCode.Should().Be(0, run.ToString());
        run.OutputText.Should().Be("from the base\n1\n");
        disks.Should().HaveCount(2).And.OnlyContain(disk => disk.StartsWith(Bench.StateDirectory, StringComparison.Ordinal));
        bases.Should().Equal(source.RootDisk, source.DataDisk);
        cleanup.ExitCode.Should().Be(0, cleanup.ToString());
        (await source.FingerprintAsync(Machine.Guest)).Should().Be(before, "a source is never modified");
        (await source.StateAsync()).Should().Be("shut off");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_domain_that_was_tuned_for_years_gives_jobs_its_guest_and_nothing_of_its_host()
    {
        await using var source = await TunedDomain.DefineAsync($"base-{Bench.Token}", Bench.MakeDirectory("base"), Machine.Guest);
        Bench.With(new ImageYaml { Domain = source.Name });
        var before = await source.FingerprintAsync(Machine.Guest);
        var session = Bench.Open(new SimulatedJob { Id = 66 });
        await session.ConfigAsync();

        var prepare = await session.PrepareAsync();
        var run = await session.RunAsync(
            SubStages.BuildScript,
            "cat /sys/class/net/eth0/address /mnt/data/hello; sudo sh -c 'echo by the job > /mnt/data/hello; sync'; cat /mnt/data/hello; blockdev --getsize64 /dev/sr0 2>/dev/null || echo no disc");
        var listeners = await Bench.Leftovers.ListenersAsync();
        var cleanup = await session.CleanupAsync();

        prepare.ExitCode.Should().Be(0, prepare.ToString());
        run.ExitCode.Should().Be(0, run.ToString());
        run.OutputText.Should().Be($"{TunedDomain.Mac}\nfrom the volume\nby the job\nno disc\n");
        listeners.Should().ContainSingle("only the guest's ssh is forwarded; its screen and serial port cannot be reached").Which.Should().Contain("127.0.0.1:").And.NotContain(":598");
        cleanup.ExitCode.Should().Be(0, cleanup.ToString());
        (await source.FingerprintAsync(Machine.Guest)).Should().Be(before, "a source is never modified");
        (await source.StateAsync()).Should().Be("shut off");
        string.Concat(prepare.OutputText, prepare.ErrorText, cleanup.OutputText, cleanup.ErrorText).Should().NotContain(TunedDomain.Password);
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_running_source_is_refused_and_shut_down_only_where_that_is_allowed()
    {
        await using var source = await DefineAsync();
        Bench.With(new ImageYaml { Domain = source.Name })
            .With(new ImageYaml { Name = "polite", Domain = source.Name, AllowShutdown = true });
        await source.StartAsync();

        var refused = await PrepareAsync(new SimulatedJob { Id = 62, Image = "small" });
        var stateAfterRefusal = await source.StateAsync();
        var events = await DomainEvents.WatchAsync(source.Name, () => PrepareAsync(new SimulatedJob { Id = 63, Image = "polite" }));

        refused.ExitCode.Should().Be(StageReading.SystemFailureExitCode, refused.ToString());
        (refused.OutputText + refused.ErrorText).Should().Contain(source.Name).And.Contain("VMX1203");
        refused.Duration.Should().BeLessThan(TimeSpan.FromSeconds(60));
        stateAfterRefusal.Should().Be("running");
        events.Result.ExitCode.Should().Be(0, events.Result.ToString());
        events.Events.Should().Contain("Stopped Shutdown", "a source is asked, never destroyed");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_source_with_a_passthrough_device_is_refused()
    {
        const string Device = """
            <hostdev mode='subsystem' type='pci' managed='yes'>
              <source><address domain='0x0000' bus='0xfe' slot='0x1f' function='0x7'/></source>
            </hostdev>
            """;
        await using var source = await DefineAsync(Device);
        Bench.With(new ImageYaml { Domain = source.Name });

        var prepare = await PrepareAsync(new SimulatedJob { Id = 64 });

        prepare.ExitCode.Should().Be(StageReading.SystemFailureExitCode, prepare.ToString());
        (prepare.OutputText + prepare.ErrorText).Should().Contain("VMX1205").And.Contain(source.Name);
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_missing_source_domain_is_a_system_failure_that_names_it()
    {
        Bench.With(new ImageYaml { Domain = "vmx-no-such-base" });

        var prepare = await PrepareAsync(new SimulatedJob { Id = 65 });

        prepare.ExitCode.Should().Be(StageReading.SystemFailureExitCode, prepare.ToString());
        (prepare.OutputText + prepare.ErrorText).Should().Contain("VMX1204").And.Contain("vmx-no-such-base");
    }

    private Task<SourceDomain> DefineAsync(string device = "") =>
        SourceDomain.DefineAsync($"base-{Bench.Token}", Bench.MakeDirectory("base"), Machine.Guest, device);

    /// <summary>Config, prepare and cleanup of a job, once and not three times.</summary>
    private async Task<StageRecord> PrepareAsync(SimulatedJob job)
    {
        var session = Bench.Open(job);
        await session.ConfigAsync();
        var prepare = await session.PrepareAsync();
        (await session.CleanupAsync()).ExitCode.Should().Be(0);
        return prepare;
    }

    private static async Task<string?> BackingFileAsync(string overlay)
    {
        var json = await HostCommand.OutputAsync("qemu-img", "info", "-U", "--output=json", overlay);
        using var document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty("full-backing-filename").GetString();
    }

    private async Task<IReadOnlyList<string>> DisksAsync()
    {
        var domain = (await Bench.Leftovers.DomainsAsync()).Single();
        var lines = await HostCommand.LinesAsync("virsh", "-c", "qemu:///system", "domblklist", domain, "--details");
        return [.. lines.Where(line => line.Contains("disk")).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3])];
    }
}
