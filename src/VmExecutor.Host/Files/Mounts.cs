using VmExecutor.Core.Values;

namespace VmExecutor.Host.Files;

/// <summary>Finds the file system that a path is on, symbolic links and bind mounts included.</summary>
public static class Mounts
{
    /// <summary>Null: the path is not there or out of reach, or the kernel does not say.</summary>
    public static MountedFileSystem? Of(AbsolutePath path)
    {
        if (FileStat.TryRead(path) is not { } stat)
        {
            return null;
        }

        try
        {
            var table = MountTable.Parse(HostFile.ReadAllText("/proc/self/mountinfo"));
            return stat.MountId is { } id ? table.Find(id) : table.FindByName(path);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
    }
}
