using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>
/// Real stages with real VMs, killed at moments spread over their whole time; what follows must leave nothing. The fault matrix does
/// the same at each single call against stand-ins.
/// </summary>
public sealed class KilledStageTests(TestMachine machine, StageRhythm rhythm) : BenchTest(machine), IClassFixture<StageRhythm>
{
    private static readonly int Moments = Thoroughness.Of(18, few: 6);
    private static readonly int CleanupMoments = Thoroughness.Of(6, few: 2);
    private const string LongScript = "setsid sleep 5271 & echo running-$((1+1)); sleep 5272";

    public enum Then
    {
        Cleanup,
        Collection,
        Retry,
    }

    public static TheoryData<int, Then> InPrepare { get; } =
        new(Enumerable.Range(0, Moments).Select(moment => (moment, (Then)(moment % 3))));

    public static TheoryData<int, Then> InCleanup { get; } =
        new(Enumerable.Range(0, CleanupMoments).Select(moment => (moment, (Then)(moment % 2))));

    [Theory(Timeout = HangLimit)]
    [MemberData(nameof(InPrepare))]
    public async Task A_prepare_killed_at_any_moment_leaves_nothing(int moment, Then then)
    {
        var session = Open(500 + moment);
        await session.ConfigAsync();

        await session.PrepareAsync(Task.Delay(rhythm.Prepare * moment / Moments));

        await FinishAsync(session, then);
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Theory(Timeout = HangLimit)]
    [InlineData(Then.Cleanup)]
    [InlineData(Then.Collection)]
    public async Task A_script_whose_stage_is_killed_leaves_nothing(Then then)
    {
        var session = Open(530 + (int)then);
        await session.ConfigAsync();
        (await session.PrepareAsync()).ShouldSucceed();

        await session.RunAsync(SubStages.BuildScript, LongScript, session.Trace.ContainsAsync("running-2"));

        await FinishAsync(session, then);
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Theory(Timeout = HangLimit)]
    [MemberData(nameof(InCleanup))]
    public async Task A_cleanup_killed_at_any_moment_leaves_nothing(int moment, Then then)
    {
        var session = Open(540 + moment, options => options with { CleanupTimeout = rhythm.Cleanup * moment / CleanupMoments });
        await session.ConfigAsync();
        (await session.PrepareAsync()).ShouldSucceed();

        await session.CleanupAsync();

        if (then == Then.Cleanup)
        {
            (await Open(540 + moment).CleanupAsync()).ExitCode.Should().Be(0);
        }
        else
        {
            await CollectAsync();
        }

        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Bench.With();
    }

    /// <summary>SIGTERM, and SIGKILL in the same moment.</summary>
    private JobSession Open(int id, Func<RunnerOptions, RunnerOptions>? change = null) => Bench.Open(
        new SimulatedJob { Id = id },
        options => (change?.Invoke(options) ?? options) with { GracefulKillTimeout = TimeSpan.Zero });

    private async Task FinishAsync(JobSession session, Then then)
    {
        switch (then)
        {
            case Then.Collection:
                // As the runner does after a cleanup, or a cleaner of /tmp after its death.
                session.Dispose();
                await CollectAsync();
                break;
            case Then.Retry:
                (await session.CleanupAsync()).ExitCode.Should().Be(0);
                await session.ConfigAsync();
                var again = await session.PrepareAsync();
                again.ExitCode.Should().Be(0, again.ToString());
                (await session.CleanupAsync()).ExitCode.Should().Be(0);
                break;
            default:
                var cleanup = await session.CleanupAsync();
                cleanup.ExitCode.Should().Be(0, cleanup.ToString());
                break;
        }
    }

    private async Task CollectAsync()
    {
        var (exitCode, output, error) = await Bench.CommandAsync("gc");
        exitCode.Should().Be(0, output + error);
    }
}
