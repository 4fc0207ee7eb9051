using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>A libvirt daemon that is restarted, or does not answer, at every moment of a job.</summary>
[AlwaysCold("a libvirt that is restarted ends a warm start, and the cold one that follows is what is tried here")]
public sealed class LibvirtTroubleTests(TestMachine machine) : IsolatedTest(machine)
{
    [Fact(Timeout = HangLimit)]
    public async Task A_job_goes_on_while_its_libvirt_is_restarted_in_each_stage_and_halted_beside_the_script()
    {
        var session = Bench.With().Open(new SimulatedJob { Id = 71 });
        await session.ConfigAsync();

        var preparing = session.PrepareAsync();
        await Eventually.AskAsync(() => Bench.Leftovers.DomainsAsync(), domains => domains.Count == 1 || preparing.IsCompleted, TimeSpan.FromMinutes(1));
        await Libvirt.RestartAsync();
        var prepare = await preparing;
        prepare.ExitCode.Should().Be(0, prepare.ToString());

        var running = session.RunAsync(SubStages.BuildScript, Seconds(8) + "exit 7");
        await Libvirt.RestartAsync();
        var run = await running;
        run.Reading.ExitCode.Should().Be(7, run.ToString());
        run.OutputText.Should().EndWith("second 8\n");

        Bench.Configure("libvirt:\n  call_timeout: 4s\n");
        await Libvirt.HaltAsync();
        var halted = await session.RunAsync(SubStages.BuildScript, Seconds(12) + "exit 9");
        await Libvirt.GoOnAsync();
        halted.Reading.ExitCode.Should().Be(9, halted.ToString());
        halted.OutputText.Should().EndWith("second 12\n");
        halted.ErrorText.Should().Contain("did not answer within 4 s").And.Contain("the script goes on");

        await Libvirt.RestartAsync();
        var cleanup = await session.CleanupAsync();
        cleanup.ExitCode.Should().Be(0, cleanup.ToString());
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_cancel_is_obeyed_although_libvirt_does_not_answer()
    {
        var session = Bench.With().Open(new SimulatedJob { Id = 72 });
        await session.ConfigAsync();
        (await session.PrepareAsync()).ShouldSucceed();
        await Libvirt.HaltAsync();

        // Long enough for the watch to have a question in flight.
        var run = await session.RunAsync(SubStages.BuildScript, Seconds(600), Task.Delay(TimeSpan.FromSeconds(5)));
        await Libvirt.GoOnAsync();
        var cleanup = await session.CleanupAsync();

        run.ExitCode.Should().Be(StageReading.SystemFailureExitCode, run.ToString());
        run.ErrorText.Should().Contain("Cancelled");
        run.Duration.Should().BeLessThan(TimeSpan.FromSeconds(60));
        cleanup.ExitCode.Should().Be(0, cleanup.ToString());
    }

    /// <summary>A script that says each second of its life.</summary>
    private static string Seconds(int count) => $"for i in $(seq {count}); do sleep 1; echo second $i; done\n";
}
