using System.Runtime.InteropServices;

namespace VmExecutor.Host.Processes;

/// <summary>kill(2): .NET itself can only send SIGKILL.</summary>
internal static partial class UnixSignal
{
    public const int HangUp = 1;
    public const int Interrupt = 2;
    public const int Kill = 9;
    public const int Terminate = 15;

    /// <summary>Sends a signal; false when there is no such process (any more) or it is not ours.</summary>
    public static bool Send(int processId, int signal) => processId > 1 && SendSignal(processId, signal) == 0;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int processId, int signal);
}
