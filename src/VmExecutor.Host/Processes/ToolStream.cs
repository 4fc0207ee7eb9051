using System.Diagnostics;
using CliWrap;

namespace VmExecutor.Host.Processes;

/// <summary>
/// A running tool with its three raw streams. CliWrap's pipes hand the streams out and stay open until this is disposed, so
/// that the reader's pace is the tool's, byte for byte, without a buffer in between.
/// </summary>
internal sealed class ToolStream : IAsyncDisposable
{
    // Per step of ending it: a cancelled stage is to be over within two seconds.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeProvider _clock;
    private readonly CommandTask<CommandResult> _command;
    private Stream? _input;
    private Stream? _output;
    private Stream? _error;
    private Process? _process;

    private ToolStream(ToolCall call, ToolEnvironment environment, TimeProvider clock)
    {
        _clock = clock;
        _command = ToolNotStartedException.OrStarted(
            call,
            () => Cli.Wrap(call.Program)
                .WithValidation(CommandResultValidation.None)
                .WithStandardInputPipe(PipeSource.Create((stream, _) => HandOutAsync(out _input, stream)))
                .WithStandardOutputPipe(PipeTarget.Create((stream, _) => HandOutAsync(out _output, stream)))
                .WithStandardErrorPipe(PipeTarget.Create((stream, _) => HandOutAsync(out _error, stream)))
                .ExecuteAsync(start => ToolStartInfo.Apply(call, environment, start), process => _process = process));
    }

    // CliWrap opens its pipes before it returns, so all four are there once the constructor is over.
    public Stream Input => _input!;

    public Stream Output => _output!;

    public Stream Error => _error!;

    private Process Process => _process!;

    /// <exception cref="ToolMissingException">The program is not installed.</exception>
    /// <exception cref="ToolNotStartedException">The system did not start it.</exception>
    public static ToolStream Start(ToolCall call, ToolEnvironment environment, TimeProvider clock) => new(call, environment, clock);

    /// <summary>The exit code (128 + n when signal n ended it); does not wait for the streams' ends.</summary>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        await Process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        return Process.ExitCode;
    }

    /// <summary>Ends it if it still runs: terminate, bounded wait, kill, bounded wait.</summary>
    public async Task EndAsync()
    {
        foreach (var signal in (int[])[UnixSignal.Terminate, UnixSignal.Kill])
        {
            if (_released.Task.IsCompleted || Process.HasExited)
            {
                return;
            }

            UnixSignal.Send(Process.Id, signal);
            await Process.WaitForExitAsync(CancellationToken.None).WaitAsync(Patience, _clock)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync().ConfigureAwait(false);
        _released.TrySetResult();

        // CliWrap closes the streams and its process.
        await ((Task)_command.Task).WaitAsync(Patience, _clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private Task HandOutAsync(out Stream? place, Stream stream)
    {
        place = new ToolPipe(stream);
        return _released.Task;
    }
}
