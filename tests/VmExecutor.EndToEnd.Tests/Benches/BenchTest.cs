using Xunit;

namespace VmExecutor.EndToEnd.Tests.Benches;

/// <summary>A test with a bench of its own; leaving something behind fails it.</summary>
public abstract class BenchTest(TestMachine machine) : IAsyncLifetime
{
    /// <summary>Milliseconds: a hang limit, not a measure. A VM boots in some ten seconds where there is no KVM.</summary>
    protected const int HangLimit = 300_000;

    private Bench? _bench;

    private protected TestMachine Machine { get; } = machine;

    private protected Bench Bench => _bench!;

    public virtual async ValueTask InitializeAsync()
    {
        Machine.Require();
        _bench = new Bench(Machine, warm: StartMode.IsWarmFor(TestContext.Current) ? await Machine.WarmImagesAsync() : null);
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (_bench is not null)
        {
            await _bench.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }
}
