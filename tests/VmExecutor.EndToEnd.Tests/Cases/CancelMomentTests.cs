using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>SIGTERM at moments spread over a stage's whole time: it ends soon, with the contract's code, and what it made is gone.</summary>
public sealed class CancelMomentTests(TestMachine machine, StageRhythm rhythm) : BenchTest(machine), IClassFixture<StageRhythm>
{
    private static readonly int Moments = Thoroughness.Of(10, few: 4);

    // Two seconds are promised; a machine that others use may be slower, but not as slow as any wait of ours.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Theory(Timeout = HangLimit)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    public async Task A_prepare_cancelled_at_any_moment_ends_soon_and_leaves_nothing(int moment)
    {
        var session = Bench.With().Open(new SimulatedJob { Id = 600 + moment });
        await session.ConfigAsync();

        var prepare = await session.PrepareAsync(Task.Delay(rhythm.Prepare * moment / Moments));
        var cleanup = await session.CleanupAsync();

        if (prepare.Signals.Count > 0)
        {
            var took = prepare.Duration - prepare.Signals[0].After;
            TestContext.Current.SendDiagnosticMessage($"cancelled after {prepare.Signals[0].After.TotalSeconds:F2} s, ended {took.TotalSeconds:F2} s later");
            took.Should().BeLessThan(Soon, prepare.ToString());

            // At the very end prepare may have been ready all the same; at the very beginning it has no handler yet, and the signal ends it.
            (prepare.ExitCode ?? StageReading.SystemFailureExitCode).Should().BeOneOf([StageReading.SystemFailureExitCode, 0], prepare.ToString());
        }

        cleanup.ExitCode.Should().Be(0, cleanup.ToString());
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }
}
