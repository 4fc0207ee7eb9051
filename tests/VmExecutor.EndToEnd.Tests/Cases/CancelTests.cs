using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Jobs that a user, a timeout or the runner's own end interrupts.</summary>
public sealed class CancelTests(TestMachine machine) : BenchTest(machine)
{
    private const string NoTemplate = "its guest is never ready; CancelMomentTests and KilledStageTests have the moments of those that wake up";

    // The first process sleeps: prepare waits until it is interrupted, however late that is.
    private static readonly ImageYaml NeverReady = new() { Cmdline = "console=ttyS0 rdinit=/bin/busybox -- sleep 100000" };

    [Fact(Timeout = HangLimit)]
    public async Task A_cancel_in_the_script_leaves_the_vm_to_after_script()
    {
        Bench.With();
        var job = new SimulatedJob
        {
            Id = 31,
            Script = ["echo kept > /tmp/marker", "sleep 5171 & echo running-$((1+1)); sleep 5172"],
            AfterScript = ["cat /tmp/marker; echo status=$CI_JOB_STATUS", GuestProcesses.SayWhenNoneIsLeft("^sleep 517", "script is gone")],
        };
        var running = Bench.Start(job);
        await running.TraceContainsAsync("running-2");

        running.Cancel();
        var result = await running.Completion;

        result.State.Should().Be(JobState.Canceled);
        var after = result.Last(Stage.Run, SubStages.AfterScript);
        after.ExitCode.Should().Be(0, result.ToString());
        after.OutputText.Should().Contain("kept\nstatus=canceled\n").And.Contain("script is gone\n");
        result.Last(Stage.Cleanup).ExitCode.Should().Be(0);
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_cancel_of_a_script_that_does_not_want_to_end_is_over_soon_and_the_guest_ends_it()
    {
        Bench.With();
        var job = new SimulatedJob
        {
            Id = 36,
            Script = ["trap '' TERM HUP INT; (while :; do :; done) & setsid sleep 5171 & echo running-$((1+1)); while :; do sleep 5172; done"],
            AfterScript = [GuestProcesses.SayWhenNoneIsLeft("^sleep 517", "script is gone")],
        };
        var running = Bench.Start(job);
        await running.TraceContainsAsync("running-2");

        running.Cancel();
        var result = await running.Completion;

        var build = result.Last(Stage.Run, SubStages.BuildScript);
        build.ExitCode.Should().Be(StageReading.SystemFailureExitCode, result.ToString());
        (build.Duration - build.Signals[0].After).Should().BeLessThan(TimeSpan.FromSeconds(60), "it is meant to be two, on a machine that is not shared");
        var after = result.Last(Stage.Run, SubStages.AfterScript);
        after.OutputText.Should().EndWith("script is gone\n", result.ToString());
    }

    [AlwaysCold(NoTemplate)]
    [Fact(Timeout = HangLimit)]
    public async Task A_cancel_while_the_guest_boots_leaves_nothing()
    {
        Bench.With(NeverReady);
        var running = Bench.Start(new SimulatedJob { Id = 32 });
        await DomainAppearsAsync(() => running.Completion.IsCompleted);

        running.Cancel();
        var result = await running.Completion;

        result.State.Should().Be(JobState.Canceled, result.ToString());
        result.Stages.Select(stage => stage.Stage).Should().Equal(Stage.Config, Stage.Prepare, Stage.Cleanup);
        var prepare = result.Last(Stage.Prepare);
        prepare.Signals.Select(signal => signal.Number).Should().Equal(15);
        prepare.ExitCode.Should().Be(StageReading.SystemFailureExitCode, prepare.ToString());
        result.Last(Stage.Cleanup).ExitCode.Should().Be(0, result.ToString());
    }

    [AlwaysCold(NoTemplate)]
    [Fact(Timeout = HangLimit)]
    public async Task A_prepare_that_is_killed_leaves_nothing_after_cleanup()
    {
        Bench.With(NeverReady);
        var session = Bench.Open(new SimulatedJob { Id = 34 }, options => options with { GracefulKillTimeout = TimeSpan.Zero });
        await session.ConfigAsync();

        var prepare = await session.PrepareAsync(DomainAppearsAsync(() => false));
        var left = await Bench.Leftovers.DomainsAsync();
        var cleanup = await session.CleanupAsync();

        prepare.Status!.Value.Signal.Should().Be(9, prepare.ToString());
        left.Should().ContainSingle("a killed prepare cannot undo anything");
        cleanup.ExitCode.Should().Be(0, cleanup.ToString());
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_runner_that_is_told_to_end_has_the_vm_removed_in_time()
    {
        Bench.With();
        var running = Bench.Start(new SimulatedJob { Id = 35, Script = ["echo running-$((1+1)); sleep 60"], AfterScript = ["true"] });
        await running.TraceContainsAsync("running-2");

        running.StopRunner();
        var result = await running.Completion;

        result.Stages.Select(stage => stage.SubStage ?? stage.Stage.ToString()).Should().EndWith([SubStages.BuildScript, "Cleanup"]);
        var cleanup = result.Last(Stage.Cleanup);
        cleanup.ExitCode.Should().Be(0, result.ToString());
        cleanup.Duration.Should().BeLessThan(TimeSpan.FromSeconds(30), "the runner waits no longer (shutdown_timeout)");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_killed_runner_leaves_a_vm_that_the_next_attempt_of_the_job_replaces()
    {
        Bench.With();
        var job = new SimulatedJob { Id = 33, Script = ["cat /proc/sys/kernel/random/boot_id > /tmp/boot; echo running-$((1+1)); sleep 60"] };
        var running = Bench.Start(job);
        await running.TraceContainsAsync("running-2");
        running.KillRunner();
        var abandoned = await running.Completion;
        var left = await Bench.Leftovers.DomainsAsync();
        Directory.Delete(abandoned.Last(Stage.Prepare).WorkingDirectory, recursive: true);

        var again = await Bench.RunJobAsync(job with { Script = ["test ! -e /tmp/boot"] });

        left.Should().ContainSingle("no cleanup ran");
        again.State.Should().Be(JobState.Success, again.ToString());
    }

    private Task DomainAppearsAsync(Func<bool> isInVain) => Eventually.AskAsync(
        async () => isInVain() || (await Bench.Leftovers.DomainsAsync()).Count == 1,
        there => there,
        TimeSpan.FromMinutes(1));
}
