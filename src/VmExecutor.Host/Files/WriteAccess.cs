using System.Runtime.InteropServices;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Files;

/// <summary>Whether we may make files in a directory, asked without making one (access(2)).</summary>
internal static partial class WriteAccess
{
    private const int Execute = 1; // X_OK
    private const int Write = 2; // W_OK

    /// <returns>Why not, in the system's words; null: we may.</returns>
    public static string? Obstacle(AbsolutePath directory) =>
        FileStat.TryRead(directory) is { IsDirectory: false } ? "it is no directory"
        : Access(directory.Value, Write | Execute) == 0 ? null
        : Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()).ToLowerInvariant();

    [LibraryImport("libc", EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string path, int mode);
}
