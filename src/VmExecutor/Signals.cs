using System.Runtime.InteropServices;

namespace VmExecutor;

/// <summary>
/// SIGTERM, SIGINT and SIGHUP as one cancellation token. The process is not ended by them: what was half made is undone first,
/// and the exit code is the contract's, never 143.
/// </summary>
internal sealed class Signals : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;

    public Signals()
    {
        _registrations = [Catch(PosixSignal.SIGTERM), Catch(PosixSignal.SIGINT), Catch(PosixSignal.SIGHUP)];
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        Array.ForEach(_registrations, registration => registration.Dispose());
        _source.Dispose();
    }

    private PosixSignalRegistration Catch(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        _source.Cancel();
    });
}
