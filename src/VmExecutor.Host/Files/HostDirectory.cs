using VmExecutor.Core.Values;

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

    public static void Delete(string path, bool recursive) => HostFile.Do(path, "removed", () =>
    {
        if (recursive)
        {
            TreeRemoval.Run(RawPath.Of(path));
        }
        else
        {
            Directory.Delete(path);
        }
    });

    /// <summary>Removes what has a name, with all that is in it, and whatever the name is.</summary>
    public static void Delete(HostEntry entry) => HostFile.Do(entry.FullName, "removed", () =>
    {
        if (entry.Stat() is { IsDirectory: true })
        {
            TreeRemoval.Run(entry.Raw);
        }
        else if (Libc.Unlink(Libc.CurrentDirectory, entry.Raw.Terminated, 0) != 0 && Libc.Failure() is var failure && !FileFailure.IsMissing(failure))
        {
            throw failure;
        }
    });

    /// <summary>Removes all that is in a directory, but for one name.</summary>
    public static void Empty(AbsolutePath path, string except)
    {
        foreach (var entry in List(path).Where(entry => entry.Path?.Name != except))
        {
            Delete(entry);
        }
    }

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

    /// <summary>All that is in a directory, in the order of the names: also names that no path of the driver can have.</summary>
    public static IReadOnlyList<HostEntry> List(AbsolutePath path) => HostFile.Do(path.Value, "listed", () => DirectoryReader.List(RawPath.Of(path.Value), path));

    /// <summary>As above, of a directory that need have no name of that kind itself.</summary>
    public static IReadOnlyList<HostEntry> List(HostEntry directory) => HostFile.Do(directory.FullName, "listed", () => DirectoryReader.List(directory.Raw, directory.Path));

    /// <summary>The files that can be named: all that is no directory, and leads to none.</summary>
    public static IReadOnlyList<AbsolutePath> Files(AbsolutePath path) => Named(path, entry => !entry.IsDirectory);

    /// <summary>The directories that can be named, and the links to some.</summary>
    public static IReadOnlyList<AbsolutePath> Directories(AbsolutePath path) => Named(path, entry => entry.IsDirectory);

    /// <summary>All below a directory, at any depth; no link is followed. A directory that vanishes meanwhile has nothing in it.</summary>
    public static IEnumerable<HostEntry> Below(AbsolutePath path)
    {
        // Not by recursion: a user who may write there decides how deep it is.
        var open = new Stack<HostEntry>(List(path).Reverse());
        while (open.TryPop(out var entry))
        {
            yield return entry;
            if (entry.IsDirectory && entry.Stat() is { IsDirectory: true })
            {
                foreach (var one in UnlessGone(entry).Reverse())
                {
                    open.Push(one);
                }
            }
        }
    }

    private static IReadOnlyList<AbsolutePath> Named(AbsolutePath path, Func<HostEntry, bool> isWanted) => [.. List(path).Where(isWanted).Select(entry => entry.Path).OfType<AbsolutePath>()];

    private static IReadOnlyList<HostEntry> UnlessGone(HostEntry directory)
    {
        try
        {
            return List(directory);
        }
        catch (HostFileException gone) when (gone.IsMissing)
        {
            return [];
        }
    }

    /// <summary>The free room on a path's file system for a user who is not root, and its size, in bytes.</summary>
    public static (long Free, long Size) Room(string path) => HostFile.Do(path, "measured", () =>
    {
        var drive = new DriveInfo(path);
        return (drive.AvailableFreeSpace, drive.TotalSize);
    });
}
