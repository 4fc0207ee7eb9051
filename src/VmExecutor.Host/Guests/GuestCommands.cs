using System.Text;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Guests;

/// <summary>Small commands over the kept connection.</summary>
internal sealed class GuestCommands(SshClient ssh, TimeProvider clock)
{
    private const int LongestEvidence = 400;
    private readonly FreeSession _session = new(clock);
    private static readonly TimeSpan ErrorDrain = TimeSpan.FromSeconds(2);

    // ssh's own exit code for "no connection"; a command of ours never ends with it.
    private const int SshFailed = 255;

    /// <summary>Runs a text that is no argument on either side but <c>sh</c>'s input: it may hold a run's token.</summary>
    public Task<GuestCommandResult> RunTextAsync(GuestAccess access, string text, CancellationToken cancellationToken) => _session.RunAsync(
        access,
        stop =>
        {
            var token = RunTokens.Next();
            return RunAsync(access, Start(access, token, RemoteCommand.ReadsInput), Input(token, text), stop);
        },
        cancellationToken);

    /// <summary>
    /// As <see cref="RunTextAsync"/>, but when the answer is late its client is not ended: the guest still carries out the text as soon
    /// as it can. The client ends with the text, or with the kept connection.
    /// </summary>
    /// <param name="access">The guest's address and login.</param>
    /// <param name="text">The shell text.</param>
    /// <param name="patience">The time that the answer may take.</param>
    /// <param name="alone">Over a connection of its own, since the kept one is gone: see <see cref="SshArguments.RunAlone"/>.</param>
    /// <returns>Null: no answer yet.</returns>
    public async Task<SessionResult<GuestCommandResult>?> LeaveTextAsync(GuestAccess access, string text, TimeSpan patience, bool alone)
    {
        var token = RunTokens.Next();
        var command = alone ? Command.Of(ssh.StartAlone(access, RemoteCommand.ReadsInput), token) : Start(access, token, RemoteCommand.ReadsInput);
        var answer = AnswerAsync(command, access, Input(token, text), CancellationToken.None);
        try
        {
            var result = await answer.WaitAsync(patience, clock).ConfigureAwait(false);
            await command.Client.DisposeAsync().ConfigureAwait(false);
            return result;
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    /// <summary>Runs a POSIX shell text whose stdin is <paramref name="input"/>.</summary>
    public async Task<GuestCommandResult> RunAsync(GuestAccess access, string text, Stream? input, CancellationToken cancellationToken)
    {
        var begin = input is { CanSeek: true } ? input.Position : 0;
        return input is { CanSeek: false }
            ? FreeSession.Opened(access, await OnceAsync(cancellationToken).ConfigureAwait(false))
            : await _session.RunAsync(access, OnceAsync, cancellationToken).ConfigureAwait(false);

        Task<SessionResult<GuestCommandResult>> OnceAsync(CancellationToken stop)
        {
            // A client for which no session was opened has taken a part of it.
            if (input is { CanSeek: true })
            {
                input.Position = begin;
            }

            var token = RunTokens.Next();
            return RunAsync(access, Start(access, token, RemoteCommand.Line(token, text)), input, stop);
        }
    }

    /// <summary>Lets ssh exchange new session keys over the kept connection.</summary>
    /// <returns>False: it has not, or the guest did not answer.</returns>
    public async Task<bool> RenewKeysAsync(GuestAccess access, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await _session.RunAsync(
                access,
                stop =>
                {
                    var token = RunTokens.Next();
                    var command = Command.Of(ssh.StartWithEscapes(access, RemoteCommand.Line(token, KeyRenewal.Text)), token);
                    return RunAsync(access, command, new MemoryStream(Encoding.UTF8.GetBytes(KeyRenewal.Input)), stop);
                },
                cancellationToken).ConfigureAwait(false);
            return KeyRenewal.IsDone(answer.StandardOutput);
        }
        catch (SystemFailureException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Runs a POSIX shell text, and answers each line that it prints.</summary>
    public Task<GuestCommandResult> ConverseAsync(
        GuestAccess access, string text, string input, Func<string, string?> answer, CancellationToken cancellationToken) =>
        _session.RunAsync(access, stop => ConverseOnceAsync(access, text, input, answer, stop), cancellationToken);

    private async Task<SessionResult<GuestCommandResult>> ConverseOnceAsync(
        GuestAccess access, string text, string input, Func<string, string?> answer, CancellationToken cancellationToken)
    {
        var token = RunTokens.Next();
        var command = Start(access, token, RemoteCommand.Line(token, text));
        await using (command.Client.ConfigureAwait(false))
        {
            await using var end = cancellationToken.Register(() => _ = command.Client.EndAsync()).ConfigureAwait(false);
            var error = command.Error.ReadAsync(cancellationToken);
            await WriteAsync(command.Client, input, cancellationToken).ConfigureAwait(false);
            await ReadAsync(access, command, command.Output.ReadLinesAsync(
                async line =>
                {
                    if (answer(line) is { } reply)
                    {
                        await WriteAsync(command.Client, reply, cancellationToken).ConfigureAwait(false);
                    }
                },
                cancellationToken)).ConfigureAwait(false);
            return await JudgeAsync(access, command, error, cancellationToken).ConfigureAwait(false);
        }
    }

    private static MemoryStream Input(RunToken token, string text) => new(Encoding.UTF8.GetBytes(RemoteCommand.Input(token, text)));

    private Command Start(GuestAccess access, RunToken token, string line) =>
        Command.Of(ssh.Start(access, line), token);

    private async Task<SessionResult<GuestCommandResult>> RunAsync(GuestAccess access, Command command, Stream? input, CancellationToken cancellationToken)
    {
        await using (command.Client.ConfigureAwait(false))
        {
            // The streams end with the client; a read that cannot be cancelled is thus ended by ending the client.
            await using var end = cancellationToken.Register(() => _ = command.Client.EndAsync()).ConfigureAwait(false);
            return await AnswerAsync(command, access, input, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task WriteAsync(ToolStream client, string text, CancellationToken cancellationToken)
    {
        try
        {
            await client.Input.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken).ConfigureAwait(false);
            await client.Input.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The command ended before it had read all; its exit code tells.
        }
    }

    private async Task<SessionResult<GuestCommandResult>> AnswerAsync(Command command, GuestAccess access, Stream? input, CancellationToken cancellationToken)
    {
        var error = command.Error.ReadAsync(cancellationToken);
        var output = ReadAsync(access, command, command.Output.ReadAllAsync(cancellationToken));
        await SendAsync(command.Client, input, cancellationToken).ConfigureAwait(false);
        await output.ConfigureAwait(false);
        return await JudgeAsync(access, command, error, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads an answer. One that does not end would keep the client, and its caller, for ever.</summary>
    private static async Task ReadAsync(GuestAccess access, Command command, Task reading)
    {
        try
        {
            await reading.ConfigureAwait(false);
        }
        catch (AnswerTooLongException e)
        {
            await command.Client.EndAsync().ConfigureAwait(false);
            throw new SystemFailureException(
                ErrorCodes.GuestAnswerTooLong,
                $"the guest {access} answered a command of the driver's with {e.Message}: {PlainText.OneLine(command.Output.Text[..Math.Min(200, command.Output.Text.Length)], 200)}…",
                "Look at what the guest's sh and the programs of the image are: one of them prints without end.");
        }
    }

    private async Task<SessionResult<GuestCommandResult>> JudgeAsync(GuestAccess access, Command command, Task error, CancellationToken cancellationToken)
    {
        var exitCode = await command.Client.WaitForExitAsync(cancellationToken).ConfigureAwait(false);

        // The master of a client that was killed, or a background process of the guest's, may hold stderr open; what is there is evidence enough.
        await error.WaitAsync(ErrorDrain, clock, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var said = command.Error.Began ? command.Error.Text : command.Error.Noise + command.Error.Text;
        return exitCode == SshFailed && !command.Output.Began && FreeSession.IsRefusal(said) ? SessionResult<GuestCommandResult>.Refused
            : exitCode == SshFailed
                ? throw new GuestConnectionLostException($"the guest {access} did not answer over its kept connection: {PlainText.OneLine(said.Trim(), LongestEvidence)}")
            : !command.Output.Began ? throw LoginFault.Failure(access, exitCode, command.Output.Noise + said)
            : new GuestCommandResult(exitCode, command.Output.Text, said);
    }

    private static async Task SendAsync(ToolStream client, Stream? input, CancellationToken cancellationToken)
    {
        try
        {
            if (input is not null)
            {
                await input.CopyToAsync(client.Input, cancellationToken).ConfigureAwait(false);
            }

            client.Input.Close();
        }
        catch (IOException)
        {
            // The command ended before it had read all; its exit code tells.
        }
    }

    /// <summary>A client in the background, and what its command says.</summary>
    private sealed record Command(ToolStream Client, GuestAnswer Output, GuestAnswer Error)
    {
        public static Command Of(ToolStream client, RunToken token) => new(client, new GuestAnswer(client.Output, token), new GuestAnswer(client.Error, token));
    }
}
