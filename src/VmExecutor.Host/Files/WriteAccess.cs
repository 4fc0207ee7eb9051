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

    /// <summary>
    /// Why a path could not be removed or changed, where .NET says "denied" for a read-only file system, too, and not which; null: nothing of its own or of
    /// its directory speaks against it.
    /// </summary>
    internal static IOException? Refusal(string path)
    {
        foreach (var place in (string?[])[path, System.IO.Path.GetDirectoryName(path)])
        {
            if (place is not null && Access(place, Write) != 0)
            {
                var error = Marshal.GetLastPInvokeError();
                return new IOException(Marshal.GetPInvokeErrorMessage(error), error);
            }
        }

        return null;
    }

    [LibraryImport("libc", EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string path, int mode);
}
