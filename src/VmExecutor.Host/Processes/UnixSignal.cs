using System.Runtime.InteropServices;

namespace VmExecutor.Host.Processes;

/// <summary>kill(2): .NET itself can only send SIGKILL.</summary>
public static partial class UnixSignal
{
    public const int HangUp = 1;
    public const int Interrupt = 2;
    public const int Kill = 9;
    public const int Terminate = 15;
    private const int NotPermitted = 1; // EPERM

    /// <summary>Sends a signal; false when there is no such process (any more) or it is not ours.</summary>
    public static bool Send(int processId, int signal) => processId > 1 && SendSignal(processId, signal) == 0;

    /// <summary>Whether there is such a process, also one that is not ours to signal.</summary>
    public static bool Exists(int processId) => processId > 0 && (SendSignal(processId, 0) == 0 || Marshal.GetLastPInvokeError() == NotPermitted);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int processId, int signal);
}
