using FluentAssertions;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.RunnerSimulator.Tests;

/// <summary>docs/runner-contract.md section 4: cancel, abort, timeouts.</summary>
public sealed class InterruptionTests : SimulatorTest
{
    private static readonly SimulatedJob WithAfterScript = new() { AfterScript = ["true"], HasArtifacts = true };

    [Fact(Timeout = HangLimit)]
    public async Task A_cancel_in_build_script_ends_the_group_and_the_rest_still_runs()
    {
        Driver.Does(Stage.Run, "[ $2 != build_script ] || { sleep 60 & echo $! > $NOTES/child; echo running; wait; }");
        var job = Start(WithAfterScript);
        await job.TraceContainsAsync("running");

        job.Cancel();
        var result = await job.Completion;

        result.State.Should().Be(JobState.Canceled);
        result.Last(Stage.Run, SubStages.BuildScript).Signals.Select(signal => signal.Number).Should().Equal(15);
        (await IsAliveAsync(Driver.Note("child"))).Should().BeFalse("the signal goes to the whole group");
        Driver.Calls.Should().EndWith(
            ["run build_script", "run after_script", "run upload_artifacts_on_failure", "run cleanup_file_variables", "cleanup"]);
        result.Last(Stage.Run, SubStages.AfterScript).Environment["CUSTOM_ENV_CI_JOB_STATUS"].Should().Be("canceled");
    }

    [Theory(Timeout = HangLimit)]
    [InlineData(Stage.Config, "config")]
    [InlineData(Stage.Prepare, "prepare")]
    [InlineData(Stage.Run, "run prepare_script")]
    public async Task A_cancel_before_the_script_leaves_only_cleanup(Stage stage, string call)
    {
        Driver.Does(stage, "echo running >&2; exec sleep 60");
        var job = Start(WithAfterScript);
        await job.TraceContainsAsync("running");

        job.Cancel();
        var result = await job.Completion;

        result.State.Should().Be(JobState.Canceled);
        Driver.Calls.Should().EndWith([call, "cleanup"]);
        Driver.Calls.Count(name => name == "cleanup").Should().Be(1);
    }

    [Fact(Timeout = HangLimit)]
    public async Task An_abort_in_build_script_leaves_only_cleanup()
    {
        Driver.Does(Stage.Run, "[ $2 != build_script ] || { echo running; exec sleep 60; }");
        var job = Start(WithAfterScript);
        await job.TraceContainsAsync("running");

        job.Abort();
        await job.Completion;

        Driver.Calls.Should().EndWith(["run build_script", "cleanup"]);
    }

    [Fact(Timeout = HangLimit)]
    public async Task The_jobs_timeout_leaves_only_cleanup()
    {
        Driver.Does(Stage.Run, "[ $2 != build_script ] || exec sleep 60");

        var result = await RunAsync(WithAfterScript with { Timeout = TimeSpan.FromSeconds(1) });

        result.FailureReason.Should().Be(FailureReason.JobExecutionTimeout);
        Driver.Calls.Should().EndWith(["run build_script", "cleanup"]);
        result.Last(Stage.Cleanup).Environment["CUSTOM_ENV_CI_JOB_STATUS"].Should().Be("timedout");
    }

    [Fact(Timeout = HangLimit)]
    public async Task The_scripts_timeout_leaves_after_script_its_turn()
    {
        Driver.Does(Stage.Run, "[ $2 != build_script ] || exec sleep 60");

        var result = await RunAsync(WithAfterScript with { ScriptTimeout = TimeSpan.FromMilliseconds(200) });

        result.FailureReason.Should().Be(FailureReason.JobExecutionTimeout);
        result.SubStages.Should().Contain("after_script");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_group_that_ignores_SIGTERM_gets_SIGKILL_after_the_grace()
    {
        Driver.Does(Stage.Run, "[ $2 != build_script ] || { trap '' TERM; echo running; sleep 60; }");
        var job = Start(options: Driver.Options with { GracefulKillTimeout = TimeSpan.FromMilliseconds(500) });
        await job.TraceContainsAsync("running");

        job.Cancel();
        var result = await job.Completion;

        var build = result.Last(Stage.Run, SubStages.BuildScript);
        build.Signals.Select(signal => signal.Number).Should().Equal(15, 9);
        (build.Signals[1].After - build.Signals[0].After).Should().BeGreaterThan(TimeSpan.FromMilliseconds(450));
        build.Status!.Value.Signal.Should().Be(9);
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_process_outside_the_group_that_holds_the_pipes_is_given_up_as_dormant()
    {
        Driver.Does(Stage.Run, "[ $2 != build_script ] || { setsid bash -c 'echo $$ > $NOTES/child; echo running; exec sleep 20' & wait; }");
        var options = Driver.Options with
        {
            GracefulKillTimeout = TimeSpan.FromMilliseconds(200),
            ForceKillTimeout = TimeSpan.FromMilliseconds(200),
        };
        var job = Start(options: options);
        await job.TraceContainsAsync("running");

        job.Cancel();
        var result = await job.Completion;

        result.Last(Stage.Run, SubStages.BuildScript).Reading.Message.Should().Contain("dormant");
        using var child = System.Diagnostics.Process.GetProcessById(int.Parse(Driver.Note("child"), null));
        child.Kill();
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_cleanup_that_outlasts_its_time_gets_SIGTERM_and_a_warning()
    {
        Driver.Does(Stage.Cleanup, "exec sleep 60");

        var result = await RunAsync(options: Driver.Options with { CleanupTimeout = TimeSpan.FromMilliseconds(200) });

        result.State.Should().Be(JobState.Success);
        result.Last(Stage.Cleanup).Signals.Select(signal => signal.Number).Should().Equal(15);
        result.TraceText.Should().Contain("WARNING: Cleanup script failed");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_runner_that_is_told_to_end_ends_the_stage_and_cleans_up()
    {
        Driver.Does(Stage.Run, "[ $2 != build_script ] || { echo running; exec sleep 60; }");
        var job = Start(WithAfterScript);
        await job.TraceContainsAsync("running");

        job.StopRunner();
        var result = await job.Completion;

        result.FailureReason.Should().Be(FailureReason.RunnerSystemFailure);
        Driver.Calls.Should().EndWith(["run build_script", "cleanup"]);
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_runner_that_was_told_to_end_leaves_a_slow_cleanup_as_an_orphan()
    {
        Driver.Does(Stage.Run, "[ $2 != build_script ] || { echo running; exec sleep 60; }")
            .Does(Stage.Cleanup, "echo $$ > $NOTES/cleanup.pid; exec sleep 20");
        var job = Start(options: Driver.Options with { ShutdownTimeout = TimeSpan.FromSeconds(1) });
        await job.TraceContainsAsync("running");

        job.StopRunner();
        var result = await job.Completion;

        result.Last(Stage.Cleanup).Signals.Should().BeEmpty();
        (await IsAliveAsync(Driver.Note("cleanup.pid"))).Should().BeTrue();
        using var orphan = System.Diagnostics.Process.GetProcessById(int.Parse(Driver.Note("cleanup.pid"), null));
        orphan.Kill();
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_killed_runner_orphans_the_stage_closes_its_pipes_and_never_cleans_up()
    {
        Driver.Does(Stage.Run, "[ $2 != build_script ] || { trap '' TERM; echo $$ > $NOTES/stage.pid; echo running; exec sleep 20; }");
        var job = Start(WithAfterScript);
        await job.TraceContainsAsync("running");

        job.KillRunner();
        var result = await job.Completion;

        result.State.Should().Be(JobState.Abandoned);
        Driver.Calls.Should().EndWith(["run build_script"]);
        Directory.Exists(result.Last(Stage.Run).WorkingDirectory).Should().BeTrue("no program removes the TMPDIR");
        (await IsAliveAsync(Driver.Note("stage.pid"))).Should().BeTrue();
        using var orphan = System.Diagnostics.Process.GetProcessById(int.Parse(Driver.Note("stage.pid"), null));
        orphan.Kill();
    }
}
