using System.Runtime.InteropServices;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Libvirt;

/// <summary>
/// A libvirt connection whose calls are bounded in time. libvirt's client has no time limit of its own, and its keep-alive needs an event
/// loop, which the driver does not have. So each connection has a thread that may hang in a call, and the caller stops waiting for it.
/// After that the connection is of no use and must be abandoned.
/// </summary>
internal sealed class LibvirtConnection
{
    private readonly string uri;
    private readonly TimeSpan limit;
    private readonly TimeProvider time;
    private readonly CallThread thread;

    // Only the thread touches it: libvirt keeps the last error per thread, and closing can hang like any other call.
    private LibvirtSession? session;

    private LibvirtConnection(string uri, TimeSpan limit, TimeProvider time)
    {
        this.uri = uri;
        this.limit = limit;
        this.time = time;
        thread = new CallThread($"libvirt {uri}", () => session?.Dispose());
    }

    /// <inheritdoc cref="CallAsync{T}(string, Func{LibvirtSession, T}, CancellationToken)"/>
    public static async Task<LibvirtConnection> OpenAsync(string uri, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var connection = new LibvirtConnection(uri, limit, time);
        try
        {
            await connection.RunAsync("to open a connection", () => connection.session = LibvirtSession.Open(uri), lent: null, cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            connection.Abandon();
            throw;
        }
    }

    /// <exception cref="LibvirtException">libvirt failed the call.</exception>
    /// <exception cref="HypervisorTimeoutException">libvirt did not answer within the limit; the call is still in flight.</exception>
    /// <exception cref="HypervisorLibraryMissingException">libvirt is not installed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the call is still in flight.</exception>
    public Task<T> CallAsync<T>(string call, Func<LibvirtSession, T> ask, CancellationToken cancellationToken) =>
        RunAsync(call, () => ask(session!), lent: null, cancellationToken);

    /// <summary>As above, with a handle that stays open until the call has returned, even if the caller has stopped waiting.</summary>
    public Task<T> CallAsync<T>(string call, Func<LibvirtSession, T> ask, SafeHandle lent, CancellationToken cancellationToken) =>
        RunAsync(call, () => ask(session!), lent, cancellationToken);

    /// <summary>
    /// As above; but a cancel is reported only when the call in flight has ended, if that takes no longer than <paramref name="settle"/>:
    /// the caller's undoing then finds its result.
    /// </summary>
    public async Task<T> CallAsync<T>(string call, Func<LibvirtSession, T> ask, TimeSpan settle, CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            return await CallAsync(
                call,
                libvirt =>
                {
                    try
                    {
                        return ask(libvirt);
                    }
                    finally
                    {
                        ended.SetResult();
                    }
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await ended.Task.WaitAsync(settle, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    /// <summary>Lets its thread close it, now or when the call in flight returns, and does not wait for that.</summary>
    public void Abandon() => thread.Finish();

    /// <summary>Closes it, and waits for that a short while: a daemon that does not answer is not worth more.</summary>
    public void Close()
    {
        thread.Finish();
        thread.Join(TimeSpan.FromMilliseconds(300));
    }

    private async Task<T> RunAsync<T>(string call, Func<T> ask, SafeHandle? lent, CancellationToken cancellationToken)
    {
        try
        {
            return await thread.RunAsync(ask, lent).WaitAsync(limit, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new HypervisorTimeoutException(call, uri, limit, e);
        }
        catch (TypeLoadException e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            throw new HypervisorLibraryMissingException(e);
        }
    }
}
