using System.Diagnostics;

namespace VmExecutor.Host.Processes;

/// <summary>
/// A running tool with its three raw streams. Not MedallionShell: that pumps output through a buffer of its own, which
/// would have to be told not to grow, and copies each byte once more; here the reader's pace is the tool's, byte for byte.
/// </summary>
internal sealed class ToolStream : IAsyncDisposable
{
    // Per step of ending it: a cancelled stage is to be over within two seconds.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);
    private readonly Process process;
    private readonly TimeProvider clock;

    private ToolStream(Process process, TimeProvider clock) => (this.process, this.clock) = (process, clock);

    public Stream Input => process.StandardInput.BaseStream;

    public Stream Output => process.StandardOutput.BaseStream;

    public Stream Error => process.StandardError.BaseStream;

    /// <exception cref="ToolMissingException">The program is not installed.</exception>
    public static ToolStream Start(ToolCall call, ToolEnvironment environment, TimeProvider clock)
    {
        var start = new ProcessStartInfo { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        ToolStartInfo.Apply(call, environment, start);
        return new ToolStream(Process.Start(start) ?? throw new InvalidOperationException($"'{call}' was not started"), clock);
    }

    /// <summary>The exit code (128 + n when signal n ended it); does not wait for the streams' ends.</summary>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        return process.ExitCode;
    }

    /// <summary>Ends it if it still runs: terminate, bounded wait, kill, bounded wait.</summary>
    public async Task EndAsync()
    {
        foreach (var signal in (int[])[UnixSignal.Terminate, UnixSignal.Kill])
        {
            if (process.HasExited)
            {
                return;
            }

            UnixSignal.Send(process.Id, signal);
            await process.WaitForExitAsync(CancellationToken.None).WaitAsync(Patience, clock)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync().ConfigureAwait(false);
        process.Dispose();
    }
}
