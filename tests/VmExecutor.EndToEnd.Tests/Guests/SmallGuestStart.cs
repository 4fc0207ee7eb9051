using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Jobs;

namespace VmExecutor.EndToEnd.Tests.Guests;

/// <summary>The yardstick for the matrix: the time of a cold prepare of the small guest, measured once in the same run.</summary>
public sealed class SmallGuestStart(TestMachine machine) : IAsyncDisposable
{
    private Bench? _bench;
    private TimeSpan? _prepare;

    internal async Task<TimeSpan> PrepareAsync()
    {
        if (_prepare is null)
        {
            _bench = new Bench(machine).With();
            var session = _bench.Open(new SimulatedJob { Id = 1400, Image = "small" });
            await session.ConfigAsync();
            var prepare = await session.PrepareAsync();
            prepare.ShouldSucceed();
            (await session.CleanupAsync()).ShouldSucceed();
            _prepare = prepare.Duration;
        }

        return _prepare.Value;
    }

    public ValueTask DisposeAsync() => _bench?.DisposeAsync() ?? ValueTask.CompletedTask;
}
