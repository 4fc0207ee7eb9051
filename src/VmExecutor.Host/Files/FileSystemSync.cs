using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Files;

/// <summary>Waits until what was written to a file system, names included, would survive a power cut (syncfs(2)).</summary>
public static partial class FileSystemSync
{
    private const int ReadDirectory = 0x80000; // O_RDONLY | O_CLOEXEC
    private const int CannotSync = 22; // EINVAL: a file system that syncs no directories

    /// <param name="file">Any file on it.</param>
    /// <exception cref="IOException">It could not be written; some of it may be lost.</exception>
    public static void Of(AbsolutePath file)
    {
        using var handle = HostFile.OpenHandle(file.Value);
        if (Sync(handle) != 0)
        {
            throw new IOException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
        }
    }

    /// <summary>The names in one directory (fsync(2)).</summary>
    /// <exception cref="IOException">They could not be written.</exception>
    internal static void OfDirectory(string path)
    {
        // .NET opens no directory.
        using var handle = Open(path, ReadDirectory);
        if (handle.IsInvalid || SyncOne(handle) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != CannotSync)
            {
                throw new IOException(Marshal.GetPInvokeErrorMessage(error), error);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncOne(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int Sync(SafeFileHandle file);
}
