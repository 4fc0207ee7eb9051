namespace VmExecutor.Host.Guests;

/// <summary>
/// Waits until the guest's ssh server opens a session. Where <c>MaxSessions</c> is 1 the next command may come while the last one's shell
/// still removes its files, or while a person is in.
/// </summary>
internal sealed class FreeSession(TimeProvider clock)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs the command, again if no session was opened for it.</summary>
    /// <exception cref="SessionRefusedException">Still refused when the time is over.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> command, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        while (true)
        {
            try
            {
                return await command().ConfigureAwait(false);
            }
            catch (SessionRefusedException) when (clock.GetElapsedTime(began) < Limit)
            {
                await Task.Delay(Gap, clock, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
