namespace VmExecutor.Host.Processes;

/// <summary>Signals to processes (kill(2)).</summary>
public static class UnixSignal
{
    public const int HangUp = 1;
    public const int Interrupt = 2;
    public const int Kill = 9;
    public const int Terminate = 15;

    // signal(7): the numbers of x86 and ARM.
    public const int Continue = 18;
    public const int Stop = 19;
    private const int NotPermitted = 1; // EPERM

    /// <summary>Sends a signal; false when there is no such process (any more) or it is not ours.</summary>
    public static bool Send(int processId, int signal) => processId > 1 && Libc.Signal(processId, signal) == 0;

    /// <summary>True when there is such a process, also one that the driver may not signal.</summary>
    public static bool Exists(int processId) => processId > 0 && (Libc.Signal(processId, 0) == 0 || Libc.Failure().HResult == NotPermitted);
}
