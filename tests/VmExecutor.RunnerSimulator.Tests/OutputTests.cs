using FluentAssertions;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.RunnerSimulator.Tests;

/// <summary>docs/runner-contract.md section 5: where output goes; and stages called one by one.</summary>
public sealed class OutputTests : SimulatorTest
{
    [Fact(Timeout = HangLimit)]
    public async Task Output_goes_where_the_runner_sends_it()
    {
        Driver.Does(Stage.Config, "echo config-err >&2; echo '{\"builds_dir\":\"/b\",\"cache_dir\":\"/config-out\"}'")
            .Does(Stage.Prepare, "echo prepare-out; echo prepare-err >&2")
            .Does(Stage.Run, "echo run-out; echo run-err >&2")
            .Does(Stage.Cleanup, "echo cleanup-out; echo cleanup-err >&2");

        var result = await RunAsync();

        result.TraceText.Should().ContainAll("config-err", "prepare-out", "prepare-err", "run-out", "run-err");
        result.TraceText.Should().NotContainAny("config-out", "cleanup-out", "cleanup-err");
        result.RunnerLog.Debug.ToString().Should().Be("cleanup-out\n");
        result.RunnerLog.Warnings.ToString().Should().Be("cleanup-err\n");
    }

    [Fact(Timeout = HangLimit)]
    public async Task Binary_output_arrives_byte_for_byte()
    {
        Driver.Does(Stage.Run, "[ $2 != build_script ] || { head -c 5000000 /dev/urandom | tee $NOTES/bytes; }");

        var result = await RunAsync();

        result.Last(Stage.Run, SubStages.BuildScript).StandardOutput
            .Should().Equal(await File.ReadAllBytesAsync(Path.Combine(Driver.Notes, "bytes"), TestToken));
    }

    [Fact(Timeout = HangLimit)]
    public async Task Stages_can_be_called_one_by_one()
    {
        Driver.Does(Stage.Run, StubDriver.RunScript);
        using var session = new SimulatedRunner(Driver.Options).Open(new SimulatedJob(), TestToken);

        await session.ConfigAsync();
        await session.PrepareAsync();
        var five = await session.RunAsync(SubStages.BuildScript, "echo five; exit 5");
        var canceled = await session.RunAsync("any_name", "echo ready; sleep 60", session.Trace.ContainsAsync("ready"));
        await session.CleanupAsync();
        var again = await session.CleanupAsync();

        five.Reading.Verdict.Should().Be(Verdict.UnknownExitCode);
        five.OutputText.Should().Be("five\n");
        canceled.Interruption.Should().Be(Interruption.Canceled);
        again.Attempt.Should().Be(2);
        Directory.GetFileSystemEntries(Driver.TempDirectory).Should().BeEmpty();
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_test_that_gives_up_kills_the_stage()
    {
        Driver.Does(Stage.Prepare, "trap '' TERM; echo $$ > $NOTES/pid; echo running; exec sleep 60");
        using var giveUp = new CancellationTokenSource();
        var job = new SimulatedRunner(Driver.Options).Start(new SimulatedJob(), giveUp.Token);
        await job.TraceContainsAsync("running");

        await giveUp.CancelAsync();

        await job.Completion.Invoking(completion => completion).Should().ThrowAsync<OperationCanceledException>();
        (await IsAliveAsync(Driver.Note("pid"))).Should().BeFalse();
    }
}
