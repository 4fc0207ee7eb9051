using Xunit;

namespace VmExecutor.EndToEnd.Tests.Benches;

/// <summary>A test whose bench is served by a libvirt of its own; leaving something behind fails it.</summary>
/// <param name="machine">What all tests share.</param>
/// <param name="tools">Commands that it needs besides.</param>
public abstract class IsolatedTest(TestMachine machine, params string[] tools) : IAsyncLifetime
{
    /// <summary>Milliseconds, as of <see cref="BenchTest"/>.</summary>
    protected const int HangLimit = 300_000;

    private IsolatedLibvirt? _libvirt;
    private Bench? _bench;

    private protected TestMachine Machine { get; } = machine;

    private protected IsolatedLibvirt Libvirt => _libvirt!;

    private protected Bench Bench => _bench!;

    public async ValueTask InitializeAsync()
    {
        Machine.Require(await IsolatedLibvirt.MissingAsync(tools));
        _libvirt = await IsolatedLibvirt.StartAsync(Machine.Root);
        _bench = new Bench(Machine, libvirt: _libvirt);
    }

    public async ValueTask DisposeAsync()
    {
        await using (_libvirt)
        await using (_bench)
        {
        }

        GC.SuppressFinalize(this);
    }
}
