using System.Runtime.InteropServices;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Libvirt;

// One connection at a time, one call at a time on it.
public sealed partial class LibvirtHypervisor
{
    private readonly SemaphoreSlim turn = new(1);
    private LibvirtConnection? connection;
    private bool disposed;

    /// <summary>Closes the connection; a call in flight is left.</summary>
    public void Dispose()
    {
        disposed = true;
        Interlocked.Exchange(ref connection, null)?.Close();
    }

    /// <summary>A call that may be made twice: made again on a new connection when the connection is lost.</summary>
    private Task<T> AskAsync<T>(string what, Func<LibvirtSession, T> ask, CancellationToken cancellationToken) =>
        Reconnecting.RunAsync(token => CallAsync(what, ask, token), cancellationToken);

    /// <summary>
    /// A call that must not be made twice. A connection may have been lost long before and only a call shows it, so a harmless one
    /// (0.1 ms) goes first and takes the blow.
    /// </summary>
    private async Task<T> TellAsync<T>(string what, Func<LibvirtSession, T> tell, CancellationToken cancellationToken, TimeSpan settle = default)
    {
        await EnsureConnectedAsync(cancellationToken).ConfigureAwait(false);
        return await CallAsync(what, tell, cancellationToken, settle).ConfigureAwait(false);
    }

    /// <summary>As above, for a call that hands an open file over.</summary>
    private async Task<T> TellAsync<T>(string what, Func<LibvirtSession, T> tell, SafeHandle lent, CancellationToken cancellationToken)
    {
        await EnsureConnectedAsync(cancellationToken).ConfigureAwait(false);
        return await UseConnectionAsync(open => open.CallAsync(what, tell, lent, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    private Task<bool> EnsureConnectedAsync(CancellationToken cancellationToken) =>
        AskAsync("whether it is there", libvirt => { libvirt.Probe(); return true; }, cancellationToken);

    private Task<T> CallAsync<T>(string what, Func<LibvirtSession, T> call, CancellationToken cancellationToken, TimeSpan settle = default) =>
        UseConnectionAsync(open => open.CallAsync(what, call, settle, cancellationToken), cancellationToken);

    private async Task<T> UseConnectionAsync<T>(Func<LibvirtConnection, Task<T>> use, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            connection ??= await Opening.RunAsync(
                token => LibvirtConnection.OpenAsync(uri, callTimeout, time, token), cancellationToken).ConfigureAwait(false);
            return await use(connection).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HypervisorTimeoutException or OperationCanceledException or LibvirtException { ConnectionLost: true })
        {
            Interlocked.Exchange(ref connection, null)?.Abandon();
            throw;
        }
        finally
        {
            turn.Release();
        }
    }
}
