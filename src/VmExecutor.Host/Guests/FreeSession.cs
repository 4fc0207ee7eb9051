using VmExecutor.Host.Waiting;

namespace VmExecutor.Host.Guests;

/// <summary>
/// Waits until the guest's ssh server opens a session. Where <c>MaxSessions</c> is 1 the next command may come while the last one's shell
/// still removes its files, or while a person is in.
/// </summary>
internal sealed class FreeSession(TimeProvider clock)
{
    private readonly Poll _sessions = new(TimeSpan.FromSeconds(15), TimeSpan.FromMilliseconds(100), clock);

    /// <summary>Runs the command, again if no session was opened for it.</summary>
    /// <exception cref="SessionRefusedException">Still refused when the time is over.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> command, CancellationToken cancellationToken)
    {
        SessionRefusedException? refused = null;
        var result = default(T);
        var opened = await _sessions.UntilAsync(
            async _ =>
            {
                try
                {
                    result = await command().ConfigureAwait(false);
                    return true;
                }
                catch (SessionRefusedException e)
                {
                    refused = e;
                    return false;
                }
            },
            cancellationToken).ConfigureAwait(false);
        return opened ? result! : throw refused!;
    }
}
