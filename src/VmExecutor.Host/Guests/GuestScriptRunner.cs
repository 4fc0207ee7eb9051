using System.Globalization;
using System.Text;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Guests;

/// <summary>Runs scripts over the kept connection. A script's exit is a value; when it cannot be known, that is an exception.</summary>
internal sealed class GuestScriptRunner(SshClient ssh, GuestConnection connection, GuestCommands commands, TimeProvider clock)
{
    private static readonly TimeSpan ReopenLimit = TimeSpan.FromSeconds(15);

    // As long as a guest may take to reboot.
    private static readonly TimeSpan ReopenAfterLossLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EndAfterLossLimit = TimeSpan.FromSeconds(15);

    // A cancelled run is over within two seconds, whatever guest and connection do: this, then ending the client, then draining.
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(1.2);

    // The one exception: a guest that opens no second session (MaxSessions 1).
    private static readonly TimeSpan EndAloneLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DrainLimit = TimeSpan.FromMilliseconds(200);

    // For what is under way on one stream when the other has ended.
    private static readonly TimeSpan LastOutputLimit = TimeSpan.FromSeconds(2);

    public async Task<ScriptRun> RunAsync(
        GuestAccess access,
        GuestScript script,
        Stream output,
        Stream error,
        Func<CancellationToken, Task> watch,
        CancellationToken cancellationToken)
    {
        script = script with { Text = PowerShellEncoding.Apply(access.Shell, script.Text) };
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = WatchAsync(watch, done.Token);
        try
        {
            await OrDeathAsync(connection.OpenAsync(access, ReopenLimit, _ => Task.CompletedTask, question: null, cancellationToken), watching).ConfigureAwait(false);
            if (script.Proxy is not { } proxy)
            {
                return await RunAsync(access, script, "", output, error, watching, cancellationToken).ConfigureAwait(false);
            }

            var port = await OrDeathAsync(connection.ForwardAsync(access, proxy, cancellationToken), watching).ConfigureAwait(false);
            try
            {
                return await RunAsync(access, script, proxy.Environment(port), output, error, watching, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                await EndForwardAsync(access, proxy).ConfigureAwait(false);
            }
        }
        finally
        {
            await done.CancelAsync().ConfigureAwait(false);
        }
    }

    private Task<ScriptRun> RunAsync(GuestAccess access, GuestScript script, string environment, Stream output, Stream error, Task watching, CancellationToken cancellationToken) =>
        new FreeSession(clock).RunAsync(access, stop => RunOnceAsync(access, script, environment, output, error, watching, stop), cancellationToken);

    /// <summary>A master that does not answer keeps a port that leads to nothing, since the proxy ends with the stage.</summary>
    private async Task EndForwardAsync(GuestAccess access, ScriptProxy proxy)
    {
        try
        {
            await connection.EndForwardAsync(access, proxy).WaitAsync(DrainLimit, clock, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
        }
    }

    private async Task<SessionResult<ScriptRun>> RunOnceAsync(
        GuestAccess access,
        GuestScript script,
        string environment,
        Stream output,
        Stream error,
        Task watching,
        CancellationToken cancellationToken)
    {
        var token = RunTokens.Next();
        var began = clock.GetTimestamp();
        ScriptLoss? loss;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var client = ssh.Start(access, ScriptWrapper.CommandLine(token, script.Text.Span, access.Shell, access.LoginShell, environment, script.MeasuresMemory));
        await using (client.ConfigureAwait(false))
        {
            var sending = SendAsync(client.Input, script.Text, token, stop.Token);
            var outRelay = new OutputRelay(client.Output, output, token, script.Name, clock);
            var errRelay = new OutputRelay(client.Error, error, token, script.Name, clock);
            var (outEnd, errEnd) = (StopWhenClosedAsync(outRelay.RunAsync(), stop), StopWhenClosedAsync(errRelay.RunAsync(), stop));
            var relays = Task.WhenAll(outEnd, errEnd);
            var stopped = Task.Delay(Timeout.InfiniteTimeSpan, stop.Token);

            // A stream that ends without a marker before the other's marker has come was lost before the script's end.
            var first = await Task.WhenAny(outEnd, errEnd, watching, stopped).ConfigureAwait(false);
            loss = first is Task<int?> end && await end.ConfigureAwait(false) is null ? new ScriptLoss(clock, began) : null;

            // A master whose client is gone closes one stream at once and keeps the other until the script's end: that is not waited for.
            var patience = loss is null ? Timeout.InfiniteTimeSpan : LastOutputLimit;
            await Task.WhenAny(relays, watching, stopped, Task.Delay(patience, clock, stop.Token)).ConfigureAwait(false);
            if (watching.IsFaulted)
            {
                await client.EndAsync().ConfigureAwait(false);
                await DrainAsync(relays).ConfigureAwait(false);
                await watching.ConfigureAwait(false);
            }

            if (stop.IsCancellationRequested)
            {
                await EndRunAsync(access, token, client).ConfigureAwait(false);
                await DrainAsync(relays).ConfigureAwait(false);
                throw new OperationCanceledException("the script was ended", cancellationToken);
            }

            var seen = loss is null ? StatusIn(outEnd) ?? StatusIn(errEnd) : null;
            var exitCode = seen is null ? await ExitCodeAsync(client).ConfigureAwait(false) : null;
            await client.EndAsync().ConfigureAwait(false);
            await DrainAsync(relays).ConfigureAwait(false);
            await DrainAsync(sending).ConfigureAwait(false);
            if (seen is ScriptWrapper.NotStored)
            {
                throw await OrDeathAsync(NotStoredAsync(access, script.Text.Length, cancellationToken), watching).ConfigureAwait(false);
            }

            if (seen is { } status)
            {
                return new ScriptRun(ToExit(status), OutputMayBeCut: StatusIn(outEnd) is null || StatusIn(errEnd) is null) { GuestPeakBytes = outRelay.PeakBytes ?? errRelay.PeakBytes };
            }

            // ssh's own code says that the connection ended; a signal that the client was ended. Otherwise it was the login shell that ended.
            if (!outRelay.Began && exitCode < 128)
            {
                throw LoginFault.Failure(access, exitCode, outRelay.Noise + errRelay.Noise);
            }

            if (!outRelay.Began && FreeSession.IsRefusal(errRelay.Noise))
            {
                return SessionResult<ScriptRun>.Refused;
            }
        }

        return await AfterLossAsync(access, token, script.Text.Length, loss ?? new ScriptLoss(clock, began), watching, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A cancel while the lost script's end is looked for ends the script as any other cancel does.</summary>
    private async Task<ScriptRun> AfterLossAsync(GuestAccess access, RunToken token, int scriptLength, ScriptLoss loss, Task watching, CancellationToken cancellationToken)
    {
        try
        {
            return await OrDeathAsync(ResolveAsync(access, token, scriptLength, loss, cancellationToken), watching).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await EndRunAsync(access, token, client: null).ConfigureAwait(false);
            throw;
        }
    }

    private static int? StatusIn(Task<int?> relay) => relay.IsCompletedSuccessfully ? relay.Result : null;

    /// <summary>Null: the client runs.</summary>
    private async Task<int?> ExitCodeAsync(ToolStream client)
    {
        try
        {
            return await client.WaitForExitAsync(CancellationToken.None).WaitAsync(DrainLimit, clock, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    /// <summary>Finds out how the script ended, after the connection ended without an end marker.</summary>
    private async Task<ScriptRun> ResolveAsync(GuestAccess access, RunToken token, int scriptLength, ScriptLoss loss, CancellationToken cancellationToken)
    {
        GuestCommandResult answer;
        TimeSpan lostAgo;
        try
        {
            await connection.OpenAsync(access, ReopenAfterLossLimit, _ => Task.CompletedTask, question: null, cancellationToken).ConfigureAwait(false);
            lostAgo = loss.Ago;
            answer = await commands.RunTextAsync(access, RunInquiry.Text(token), cancellationToken).ConfigureAwait(false);
        }
        catch (SystemFailureException unreachable)
        {
            throw new GuestConnectionLostException(
                $"{loss.Sentence(access)}, and it cannot be reached again: {unreachable.Message}", unreachable);
        }

        var outcome = RunInquiry.Parse(answer.StandardOutput);
        if (outcome is { Status: ScriptWrapper.NotStored })
        {
            throw await NotStoredAsync(access, scriptLength, cancellationToken).ConfigureAwait(false);
        }

        if (outcome is not null)
        {
            return outcome.IsScriptsOwn(lostAgo)
                ? new ScriptRun(ToExit(outcome.Status), OutputMayBeCut: true)
                : throw new GuestConnectionLostException(
                    $"{loss.Sentence(access)}; the script ended after that with {ToExit(outcome.Status)}, which the loss may have caused");
        }

        if (access.BootId is { } before && GuestBoot.ParseId(answer.StandardOutput) is { } now && now != before)
        {
            throw new SystemFailureException(
                ErrorCodes.GuestRebooted,
                $"the guest {access} rebooted while the script ran; it answers again, but the script is gone",
                "Let the job's script not reboot the machine: what needs a reboot belongs into the image. If it did not, see the guest's console log for a crash.");
        }

        var left = (await TryEndAsync(access, token, EndAfterLossLimit, alone: false).ConfigureAwait(false)).Value;
        var processes = left is 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" ({left?.ToString(CultureInfo.InvariantCulture) ?? "an unknown number of"} processes are left)");
        throw new GuestConnectionLostException(
            $"{loss.Sentence(access)}; the guest answers again, but the output in between is gone, so the script was ended{processes}");
    }

    /// <summary>Lets output that is under way reach the job log before the stage itself writes there.</summary>
    private async Task DrainAsync(Task streams) =>
        await streams.WaitAsync(DrainLimit, clock, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>
    /// Ends the run's processes in the guest, and the client if there is one. What the guest has not yet heard when the time is over, it hears later: by
    /// the kept connection when that goes on, or by a connection of its own where the kept one is gone.
    /// </summary>
    private async Task EndRunAsync(GuestAccess access, RunToken token, ToolStream? client)
    {
        var began = clock.GetTimestamp();
        var end = await TryEndAsync(access, token, EndLimit, alone: false).ConfigureAwait(false);
        if (end.IsRefused)
        {
            // With MaxSessions 1 the script has the kept connection's only session until its shell ends, even without its client
            // (OpenSSH: session.c).
            await TryEndAsync(access, token, EndAloneLimit, alone: true).ConfigureAwait(false);
        }

        if (client is not null)
        {
            await client.EndAsync().ConfigureAwait(false);
        }

        if (end is { IsRefused: false, Value: null })
        {
            await EndWithinAsync(access, token, EndLimit - clock.GetElapsedTime(began)).ConfigureAwait(false);
        }
    }

    /// <summary>Asks the guest once more, by a connection of its own where the kept one is gone.</summary>
    private async Task EndWithinAsync(GuestAccess access, RunToken token, TimeSpan limit)
    {
        if (limit <= TimeSpan.Zero)
        {
            return;
        }

        var began = clock.GetTimestamp();
        bool isOpen;
        try
        {
            isOpen = await connection.IsOpenAsync(access, CancellationToken.None).WaitAsync(limit, clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The master hangs, and will hear the first question when it goes on.
            return;
        }

        if (limit - clock.GetElapsedTime(began) is var left && left > TimeSpan.Zero)
        {
            await TryEndAsync(access, token, left, alone: !isOpen).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Ends the run's processes, and returns how many could not be ended; null: the guest has not said so in time, and goes on by itself. Refused: it
    /// was not asked.
    /// </summary>
    private async Task<SessionResult<int?>> TryEndAsync(GuestAccess access, RunToken token, TimeSpan patience, bool alone)
    {
        try
        {
            return await commands.LeaveTextAsync(access, RunEnder.Text(token), patience, alone).ConfigureAwait(false) switch
            {
                null => null,
                { IsRefused: true } => SessionResult<int?>.Refused,
                { Value: var answer } => RunEnder.ParseLeft(answer!.StandardOutput),
            };
        }
        catch (SystemFailureException)
        {
            return null;
        }
    }

    private static async Task<int?> StopWhenClosedAsync(Task<int?> relay, CancellationTokenSource stop)
    {
        try
        {
            return await relay.ConfigureAwait(false);
        }
        catch (OutputClosedException)
        {
            await stop.CancelAsync().ConfigureAwait(false);
            return null;
        }
    }

    private static async Task SendAsync(Stream input, ReadOnlyMemory<byte> script, RunToken token, CancellationToken cancellationToken)
    {
        try
        {
            await using (input.ConfigureAwait(false))
            {
                await input.WriteAsync(script, cancellationToken).ConfigureAwait(false);
                await input.WriteAsync(Encoding.ASCII.GetBytes($"{token}\n"), cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception cut) when (cut is IOException or OperationCanceledException)
        {
            // The wrapper runs nothing that did not arrive whole; what follows from it is seen on the output's side.
        }
    }

    // ksh reports a signal as 256 + n.
    internal static ScriptExit ToExit(int status) => new(status <= 255 ? status : 128 + (status & 127));

    /// <summary>Asks the guest why the script could not be stored.</summary>
    private async Task<SystemFailureException> NotStoredAsync(GuestAccess access, int scriptLength, CancellationToken cancellationToken)
    {
        string? answer = null;
        try
        {
            answer = (await commands.RunTextAsync(access, ScriptStorage.Text(scriptLength), cancellationToken).ConfigureAwait(false)).StandardOutput;
        }
        catch (SystemFailureException)
        {
            // The script is not stored all the same.
        }

        return ScriptStorage.Failure(access, scriptLength, answer);
    }

    private static async Task WatchAsync(Func<CancellationToken, Task> watch, CancellationToken cancellationToken)
    {
        try
        {
            await watch(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return;
        }

        // A watch that has nothing more to say does not end the run.
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>The work's result, unless the watch says first that the domain is dead.</summary>
    private static async Task<T> OrDeathAsync<T>(Task<T> work, Task watching)
    {
        await OrDeathAsync((Task)work, watching).ConfigureAwait(false);
        return await work.ConfigureAwait(false);
    }

    private static async Task OrDeathAsync(Task work, Task watching)
    {
        await Task.WhenAny(work, watching).ConfigureAwait(false);
        if (watching.IsFaulted)
        {
            await watching.ConfigureAwait(false);
        }

        await work.ConfigureAwait(false);
    }
}
