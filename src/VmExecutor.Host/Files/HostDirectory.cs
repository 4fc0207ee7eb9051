namespace VmExecutor.Host.Files;

/// <summary>The directories of the host: as <see cref="Directory"/>, with the failures of <see cref="HostFile"/>. What is listed is read at once.</summary>
public static class HostDirectory
{
    /// <summary>True when a directory is there.</summary>
    /// <exception cref="HostFileException">The system does not say: no permission, or an I/O error.</exception>
    public static bool Exists(string path) => HostFile.IsThere(path, isDirectory: true);

    /// <summary>Tells whether a directory is there, for a caller that treats all three answers.</summary>
    public static Presence Look(string path) => FileStat.Look(path, isDirectory: true).Presence;

    public static void CreateDirectory(string path) => HostFile.Do(path, "made", () => { Directory.CreateDirectory(path); });

    public static void CreateDirectory(string path, UnixFileMode mode) => HostFile.Do(path, "made", () => { Directory.CreateDirectory(path, mode); });

    /// <summary>A new directory of our own below the system's temporary one.</summary>
    public static string CreateTempSubdirectory(string prefix) =>
        HostFile.Do(Path.GetTempPath(), "written", () => Directory.CreateTempSubdirectory(prefix).FullName);

    public static void Delete(string path, bool recursive) => HostFile.Do(path, "removed", () => Directory.Delete(path, recursive));

    /// <summary>Removes all that is in a directory, but for one name.</summary>
    public static void Empty(string path, string except) => HostFile.Do(path, "emptied", () =>
    {
        foreach (var entry in new DirectoryInfo(path).GetFileSystemInfos().Where(entry => entry.Name != except))
        {
            if (entry is DirectoryInfo { LinkTarget: null } directory)
            {
                directory.Delete(recursive: true);
            }
            else
            {
                entry.Delete();
            }
        }
    });

    /// <summary>For what is given up in any case: a failure to delete it must not hide why.</summary>
    public static void TryDelete(string path)
    {
        try
        {
            Delete(path, recursive: true);
        }
        catch (HostFileException)
        {
            // gc finds it, or it was not there.
        }
    }

    public static void Move(string from, string to) => HostFile.Do(from, $"renamed to {to}", () => Directory.Move(from, to));

    /// <summary>Waits until the names in a directory would survive a power cut (fsync(2)).</summary>
    public static void Flush(string path) => HostFile.Do(path, "written", () => FileSystemSync.OfDirectory(path));

    public static string[] GetFiles(string path, string pattern = "*", SearchOption depth = SearchOption.TopDirectoryOnly) =>
        HostFile.Do(path, "listed", () => Directory.GetFiles(path, pattern, depth));

    public static string[] GetDirectories(string path, string pattern = "*") => HostFile.Do(path, "listed", () => Directory.GetDirectories(path, pattern));

    /// <summary>The files and the directories in one directory.</summary>
    public static (string[] Files, string[] Directories) Entries(string path, EnumerationOptions options) =>
        HostFile.Do(path, "listed", () => (Directory.GetFiles(path, "*", options), Directory.GetDirectories(path, "*", options)));

    public static string[] GetFileSystemEntries(string path) => HostFile.Do(path, "listed", () => Directory.GetFileSystemEntries(path));

    /// <summary>The free room on a path's file system for a user who is not root, and its size, in bytes.</summary>
    public static (long Free, long Size) Room(string path) => HostFile.Do(path, "measured", () =>
    {
        var drive = new DriveInfo(path);
        return (drive.AvailableFreeSpace, drive.TotalSize);
    });
}
