using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Benches;

/// <summary>Measures the time that each stage takes here undisturbed, so that a test can disturb it at any part of that.</summary>
public sealed class StageRhythm(TestMachine machine) : IAsyncLifetime
{
    public TimeSpan Prepare { get; private set; }

    public TimeSpan Cleanup { get; private set; }

    public async ValueTask InitializeAsync()
    {
        if (!machine.IsComplete)
        {
            return;
        }

        await using var bench = new Bench(machine, warm: StartMode.IsWarm ? await machine.WarmImagesAsync() : null).With();
        var session = bench.Open(new SimulatedJob { Image = "small" });
        await session.ConfigAsync();
        Prepare = Succeeded(await session.PrepareAsync());
        Cleanup = Succeeded(await session.CleanupAsync());
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static TimeSpan Succeeded(StageRecord record) =>
        record.Reading.Failed ? throw new InvalidOperationException(record.ToString()) : record.Duration;
}
