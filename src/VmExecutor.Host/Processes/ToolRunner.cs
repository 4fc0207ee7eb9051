using System.Text;
using CliWrap;

namespace VmExecutor.Host.Processes;

/// <summary>Runs tools with CliWrap and collects what they say.</summary>
public sealed class ToolRunner(ToolEnvironment environment, TimeProvider clock) : IToolRunner
{
    // Per step of ending a tool: a cancelled stage is to be over within two seconds.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    public async Task<ToolResult> RunAsync(ToolCall call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var output = new StringBuilder();
        var errors = new StringBuilder();
        using var kill = new CancellationTokenSource();
        var command = Start(call, output, errors, kill.Token);
        try
        {
            var result = await command.Task.WaitAsync(call.Timeout, clock, cancellationToken).ConfigureAwait(false);
            await SignalHeadStart.WaitAsync(result.ExitCode, clock, cancellationToken).ConfigureAwait(false);
            return new ToolResult(call, result.ExitCode, output.ToString(), errors.ToString());
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

    private CommandTask<CommandResult> Start(ToolCall call, StringBuilder output, StringBuilder errors, CancellationToken kill) => Cli.Wrap(call.Program)
        .WithValidation(CommandResultValidation.None)
        .WithStandardOutputPipe(PipeTarget.ToStringBuilder(output, Utf8))
        .WithStandardErrorPipe(PipeTarget.ToStringBuilder(errors, Utf8))
        .ExecuteAsync(start => ToolStartInfo.Apply(call, environment, start), configureProcess: null, kill, gracefulCancellationToken: CancellationToken.None);

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
}
