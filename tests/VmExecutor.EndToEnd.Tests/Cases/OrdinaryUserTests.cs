using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>A runner of an ordinary user, with libvirt's session daemon: no root anywhere.</summary>
[AlwaysCold("its libvirt and its state directory are an ordinary user's; the template of one test is its own")]
public sealed class OrdinaryUserTests(TestMachine machine) : IAsyncLifetime
{
    private BenchUser? _user;
    private Bench? _bench;

    public async ValueTask InitializeAsync()
    {
        machine.Require();
        _user = await BenchUser.CreateAsync(machine.Guest);
        _bench = new Bench(machine, _user);
    }

    public async ValueTask DisposeAsync()
    {
        if (_user is null)
        {
            return;
        }

        await using (_user)
        await using (_bench)
        {
        }
    }

    [Fact(Timeout = 300_000)]
    public async Task A_whole_job_runs_as_an_ordinary_user()
    {
        var bench = _bench!.With(new ImageYaml { KeyFile = _user!.KeyFile });
        _user.Own(_user.Home);
        await using var git = await GitServer.StartAsync(bench.MakeDirectory("git"), new Dictionary<string, string> { ["hello"] = "world\n" });
        var job = new SimulatedJob { Id = 71, Git = git.Source, Script = ["cat hello", "exit 6"], AfterScript = ["echo after-$((1+1))"] };

        var result = await bench.RunJobAsync(job);

        result.FailureReason.Should().Be(FailureReason.ScriptFailure, result.ToString());
        result.ExitCode.Should().Be(6, result.ToString());
        result.TraceText.Should().Contain("world\n").And.Contain("qemu:///session").And.Contain("after-2\n");
        result.Last(Stage.Cleanup).ExitCode.Should().Be(0, result.ToString());
    }

    [Fact(Timeout = 600_000)]
    public async Task An_ordinary_users_clones_wake_up_from_a_template_of_its_own()
    {
        var bench = _bench!.With(new ImageYaml { KeyFile = _user!.KeyFile, IsWarm = true });
        _user.Own(_user.Home);
        var (exitCode, output, error) = await bench.CommandAsync("image", "publish", "small", "--warm");
        exitCode.Should().Be(0, output + error);

        var result = await bench.RunJobAsync(new SimulatedJob { Id = 72, Script = ["cat /proc/sys/kernel/hostname", "exit 6"] });

        result.ExitCode.Should().Be(6, result.ToString());
        result.TraceText.Should().Contain("qemu:///session").And.Contain($"\nvmx-{bench.Token}-72-");
        WarmProof.Cold(bench.StateDirectory).Should().BeEmpty(result.ToString());
        File.ReadLines(Path.Combine(bench.StateDirectory, "ledger.jsonl")).Should().ContainSingle();
    }
}
