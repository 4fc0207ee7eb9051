using System.Text;
using Medallion.Shell;

namespace VmExecutor.Host.Processes;

/// <summary>Runs tools with MedallionShell; the only file that knows it.</summary>
public sealed class ToolRunner(ToolEnvironment environment, TimeProvider clock) : IToolRunner
{
    // Per step of ending a tool: a cancelled stage is to be over within two seconds.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    public async Task<ToolResult> RunAsync(ToolCall call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var command = Start(call);
        try
        {
            var result = await command.Task.WaitAsync(call.Timeout, clock, cancellationToken).ConfigureAwait(false);
            await SignalHeadStart.WaitAsync(result.ExitCode, clock, cancellationToken).ConfigureAwait(false);
            return new ToolResult(call, result.ExitCode, result.StandardOutput, result.StandardError);
        }
        catch (TimeoutException e)
        {
            await EndAsync(command).ConfigureAwait(false);
            throw new ToolTimedOutException(call, e);
        }
        catch (OperationCanceledException)
        {
            await EndAsync(command).ConfigureAwait(false);
            throw;
        }
    }

    private Command Start(ToolCall call)
    {
        var command = Command.Run(call.Program, [], options => options
            .Encoding(Utf8)
            .ThrowOnError(false)
            .StartInfo(start => ToolStartInfo.Apply(call, environment, start)));
        command.StandardInput.Close();
        return command;
    }

    private async Task EndAsync(Command command)
    {
        await command.TrySignalAsync(CommandSignal.FromSystemValue(UnixSignal.Terminate)).ConfigureAwait(false);
        if (!await EndsAsync(command).ConfigureAwait(false))
        {
            command.Kill();
            await EndsAsync(command).ConfigureAwait(false);
        }
    }

    private async Task<bool> EndsAsync(Command command)
    {
        var end = (Task)command.Task;
        await end.WaitAsync(Patience, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return end.IsCompleted;
    }
}
