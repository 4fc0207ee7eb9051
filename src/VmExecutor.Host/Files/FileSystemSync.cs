using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Files;

/// <summary>Waits until what was written to a file system, names included, would survive a power cut (syncfs(2)).</summary>
public static partial class FileSystemSync
{
    /// <param name="file">Any file on it.</param>
    /// <exception cref="IOException">It could not be written; some of it may be lost.</exception>
    public static void Of(AbsolutePath file)
    {
        using var handle = File.OpenHandle(file.Value);
        if (Sync(handle) != 0)
        {
            throw new IOException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
        }
    }

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int Sync(SafeFileHandle file);
}
