using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Files;
using VmExecutor.Stages;

namespace VmExecutor.Publishing;

/// <summary>
/// A script of the administrator's in a clone of the driver's own: what probes a generation, what warms up a template. It runs as a job's would, and
/// its output is the administrator's.
/// </summary>
internal sealed class OwnScript(Machine machine)
{
    private const int Longest = 1 << 20;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    /// <param name="file">The script's path.</param>
    /// <param name="what">For the message: <c>probe script</c>.</param>
    /// <exception cref="HostFileException">It cannot be read, or is larger than a MiB.</exception>
    public static GuestScript Read(AbsolutePath file, string what)
    {
        try
        {
            return new GuestScript(file.Name, HostFile.ReadAllBytes(file.Value, Longest));
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the {what} {file} cannot be read", e);
        }
    }

    /// <param name="access">The clone's guest.</param>
    /// <param name="script">The script.</param>
    /// <param name="what">For the message: <c>the probe script /etc/probe</c>.</param>
    /// <param name="code">What it is when it does not end.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="SystemFailureException">With <paramref name="code"/>: it did not end within ten minutes.</exception>
    public Task<ScriptExit> RunAsync(GuestAccess access, GuestScript script, string what, ErrorCode code, CancellationToken cancellationToken) =>
        RunAsync(access, script, (JobOutput.Output(), JobOutput.Error()), what, code, cancellationToken);

    /// <summary>A script whose output is looked at, and shown to no one.</summary>
    /// <inheritdoc cref="RunAsync(GuestAccess, GuestScript, string, ErrorCode, CancellationToken)"/>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.GuestAnswerTooLong"/>: it printed more than a MiB, and was ended.</exception>
    public async Task<(ScriptExit Exit, string Output)> CaptureAsync(GuestAccess access, GuestScript script, string what, ErrorCode code, CancellationToken cancellationToken)
    {
        using var said = new BoundedStream(Longest);
        try
        {
            var exit = await RunAsync(access, script, (said, Stream.Null), what, code, cancellationToken);
            return said.WasCut ? throw TooLong(access, what) : (exit, said.Text);
        }
        catch (Exception e) when (said.WasCut && !cancellationToken.IsCancellationRequested && e is IOException or SystemFailureException)
        {
            throw TooLong(access, what);
        }
    }

    private static SystemFailureException TooLong(GuestAccess access, string what) => new(
        ErrorCodes.GuestAnswerTooLong,
        $"{what} printed more than {Longest >> 20} MiB in the guest {access}, and was ended",
        "Look at what the guest's sh and the programs of the image are: one of them prints without end.");

    private async Task<ScriptExit> RunAsync(GuestAccess access, GuestScript script, (Stream Output, Stream Error) streams, string what, ErrorCode code, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, machine.Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return (await machine.GuestShell.RunScriptAsync(access, script, streams.Output, streams.Error, token => Task.Delay(Timeout.InfiniteTimeSpan, token), stop.Token)).Exit;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SystemFailureException(code, $"{what} did not end within {DurationText.Format(Limit)}", "See what it waits for; it should take seconds.");
        }
    }
}
