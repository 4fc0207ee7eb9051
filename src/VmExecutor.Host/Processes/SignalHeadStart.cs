namespace VmExecutor.Host.Processes;

/// <summary>
/// A signal to our whole process group (the runner's SIGTERM, docs/runner-contract.md section 4; Ctrl-C) ends a tool before our own handler has
/// run: that is no failure of the tool's but a cancel that is about to reach us.
/// </summary>
internal static class SignalHeadStart
{
    // How much earlier than us a tool may see the signal.
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(500);

    /// <exception cref="OperationCanceledException">It has reached us.</exception>
    public static async Task WaitAsync(int exitCode, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (exitCode is 128 + UnixSignal.Terminate or 128 + UnixSignal.Interrupt or 128 + UnixSignal.HangUp)
        {
            await Task.Delay(Limit, clock, cancellationToken).ConfigureAwait(false);
        }
    }
}
