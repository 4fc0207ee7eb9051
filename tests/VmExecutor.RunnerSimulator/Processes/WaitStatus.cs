namespace VmExecutor.RunnerSimulator.Processes;

/// <summary>The end of a process: an exit code, or the signal that killed it (wait(2)).</summary>
public readonly record struct WaitStatus(int? ExitCode, int? Signal)
{
    internal static WaitStatus Parse(int status)
    {
        var signal = status & 0x7f;
        return signal == 0 ? new WaitStatus((status >> 8) & 0xff, null) : new WaitStatus(null, signal);
    }

    /// <summary>As Go words it, for the runner's messages.</summary>
    public override string ToString() => Signal is { } signal ? $"signal {signal}" : $"exit status {ExitCode}";
}
