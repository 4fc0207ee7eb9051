using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Jobs;

namespace VmExecutor.EndToEnd.Tests.Guests;

/// <summary>The yardstick for the matrix: the time of a cold prepare of the small guest.</summary>
public sealed class SmallGuestStart(TestMachine machine) : IAsyncDisposable
{
    private Bench? _bench;

    /// <summary>Measured beside each guest, since the machine may have more to do at one time than at another.</summary>
    internal async Task<TimeSpan> PrepareAsync()
    {
        _bench ??= new Bench(machine).With();
        var session = _bench.Open(new SimulatedJob { Id = 1400, Image = "small" });
        await session.ConfigAsync();
        var prepare = await session.PrepareAsync();
        prepare.ShouldSucceed();
        (await session.CleanupAsync()).ShouldSucceed();
        return prepare.Duration;
    }

    public ValueTask DisposeAsync() => _bench?.DisposeAsync() ?? ValueTask.CompletedTask;
}
