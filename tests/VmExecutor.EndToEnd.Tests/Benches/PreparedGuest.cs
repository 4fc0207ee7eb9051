using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Benches;

/// <summary>One prepared job whose VM the tests of a class share, each with scripts of its own.</summary>
public sealed class PreparedGuest(TestMachine machine) : IAsyncLifetime
{
    private Bench? _bench;
    private JobSession? _session;
    private string? _failure;

    internal JobSession Session => _session!;

    internal Bench Bench => _bench!;

    public async ValueTask InitializeAsync()
    {
        if (!machine.IsComplete)
        {
            return;
        }

        _bench = new Bench(machine, warm: StartMode.IsWarm ? await machine.WarmImagesAsync() : null).With();
        _session = _bench.Open(new SimulatedJob { Image = "small" });
        foreach (var stage in new Func<Task<StageRecord>>[] { _session.ConfigAsync, () => _session.PrepareAsync() })
        {
            var record = await stage();
            if (record.Reading.Failed)
            {
                _failure = record.ToString();
                return;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_bench is not null)
        {
            await _bench.DisposeAsync();
        }
    }

    /// <summary>Skips or fails a test that cannot work.</summary>
    internal void Require()
    {
        machine.Require();
        if (_failure is not null)
        {
            Assert.Fail(_failure);
        }
    }

    internal Task<StageRecord> RunAsync(string body, Task? cancel = null) => Session.RunAsync(SubStages.BuildScript, body, cancel);
}
