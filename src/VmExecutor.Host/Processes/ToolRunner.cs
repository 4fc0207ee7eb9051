using CliWrap;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Processes;

/// <summary>
/// Runs tools with CliWrap and collects their output in bounded memory: stdout as a whole or not at all, of stderr the end.
/// </summary>
public sealed class ToolRunner(ToolEnvironment environment, TimeProvider clock) : IToolRunner
{
    /// <summary>No tool answers with more.</summary>
    internal const int LongestOutput = 16 << 20;

    private const int LongestErrors = 4 << 20;

    // Per step of ending a tool: a cancelled stage is to be over within two seconds.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    public async Task<ToolResult> RunAsync(ToolCall call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var said = new Said(call.Heard);
        using var kill = new CancellationTokenSource();
        var command = Start(call, said, kill.Token);
        call.Started?.Invoke(command.ProcessId);
        try
        {
            await Task.WhenAny(command.Task, said.TooLong).WaitAsync(call.Timeout, clock, cancellationToken).ConfigureAwait(false);
            if (said.TooLong.IsCompleted)
            {
                await EndAsync(command, kill).ConfigureAwait(false);
                throw new ToolOutputTooLongException(call, LongestOutput);
            }

            var result = await command.Task.ConfigureAwait(false);
            await SignalHeadStart.WaitAsync(result.ExitCode, clock, cancellationToken).ConfigureAwait(false);
            return new ToolResult(call, result.ExitCode, said.Output, said.Errors);
        }
        catch (TimeoutException e)
        {
            await EndAsync(command, kill).ConfigureAwait(false);
            throw new ToolTimedOutException(call, e);
        }
        catch (OperationCanceledException)
        {
            await EndAsync(command, kill).ConfigureAwait(false);
            throw;
        }
    }

    private CommandTask<CommandResult> Start(ToolCall call, Said said, CancellationToken kill) => ToolNotStartedException.OrStarted(
        call,
        () => Cli.Wrap(call.Program)
            .WithValidation(CommandResultValidation.None)
            .WithStandardInputPipe(call.Input.Length == 0 ? PipeSource.Null : PipeSource.FromString(call.Input))
            .WithStandardOutputPipe(PipeTarget.Create(said.TakeOutputAsync))
            .WithStandardErrorPipe(PipeTarget.Create(said.TakeErrorsAsync))
            .ExecuteAsync(start => ToolStartInfo.Apply(call, environment, start), configureProcess: null, kill, gracefulCancellationToken: CancellationToken.None));

    /// <summary>Terminate, bounded wait, kill (which also ends the reading of its output), bounded wait.</summary>
    private async Task EndAsync(CommandTask<CommandResult> command, CancellationTokenSource kill)
    {
        UnixSignal.Send(command.ProcessId, UnixSignal.Terminate);
        if (!await EndsAsync(command).ConfigureAwait(false))
        {
            await kill.CancelAsync().ConfigureAwait(false);
            await EndsAsync(command).ConfigureAwait(false);
        }
    }

    private async Task<bool> EndsAsync(CommandTask<CommandResult> command)
    {
        var end = (Task)command.Task;
        await end.WaitAsync(Patience, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return end.IsCompleted;
    }

    /// <summary>The output of a tool.</summary>
    /// <param name="heard">As for <see cref="ToolCall.Heard"/>.</param>
    private sealed class Said(Action<ReadOnlyMemory<byte>>? heard)
    {
        private readonly TaskCompletionSource _tooLong = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Output { get; private set; } = "";

        public string Errors { get; private set; } = "";

        /// <summary>Ends when stdout has more than <see cref="LongestOutput"/>.</summary>
        public Task TooLong => _tooLong.Task;

        public async Task TakeOutputAsync(Stream stream, CancellationToken cancellationToken)
        {
            try
            {
                Output = await BoundedText.ReadWholeAsync(stream, LongestOutput, cancellationToken, heard).ConfigureAwait(false);
            }
            catch (FileTooLargeException)
            {
                // The tool is ended; until then its output is not read any more.
                _tooLong.TrySetResult();
            }
        }

        public async Task TakeErrorsAsync(Stream stream, CancellationToken cancellationToken) =>
            Errors = await BoundedText.ReadEndAsync(stream, LongestErrors, cancellationToken).ConfigureAwait(false);
    }
}
