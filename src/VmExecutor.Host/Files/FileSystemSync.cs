using VmExecutor.Core.Values;

namespace VmExecutor.Host.Files;

/// <summary>Waits until everything that was written to a file system, names included, would survive a power cut (syncfs(2)).</summary>
public static class FileSystemSync
{
    private const int ReadDirectory = 0x80000; // O_RDONLY | O_CLOEXEC
    private const int CannotSync = 22; // EINVAL: a file system that syncs no directories

    /// <param name="file">Any file on it.</param>
    /// <exception cref="HostFileException">It could not be written; some of it may be lost.</exception>
    public static void Of(AbsolutePath file)
    {
        using var handle = HostFile.OpenHandle(file.Value);
        if (Libc.SyncFileSystem(handle) != 0)
        {
            throw HostFile.Failure(file.Value, "written", Libc.Failure());
        }
    }

    /// <summary>The names in one directory (fsync(2)).</summary>
    /// <exception cref="IOException">They could not be written.</exception>
    internal static void OfDirectory(string path)
    {
        using var handle = Libc.Open(path, ReadDirectory);
        if (handle.IsInvalid || Libc.Sync(handle) != 0)
        {
            var failure = Libc.Failure();
            if (failure.HResult != CannotSync)
            {
                throw failure;
            }
        }
    }
}
