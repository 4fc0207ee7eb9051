using VmExecutor.Core.Values;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Health;

/// <summary>What a directory's file system can.</summary>
public static class FileSystemLook
{
    // Others refuse at once; there is nothing to be tried.
    private static readonly string[] MayReflink = ["xfs", "btrfs", "bcachefs", "zfs", "ocfs2"];

    /// <summary>
    /// Whether a copy shares its blocks; null: not tried. It is tried with two small files, whose names are those of files that are just being
    /// written: what a kill leaves of them is gc's.
    /// </summary>
    public static bool? TryReflink(AbsolutePath directory)
    {
        if (!MayReflink.Contains(Mounts.Of(directory)?.Type) || !ProcessUser.MayMakeFilesIn(directory))
        {
            return null;
        }

        var (from, to) = (Temporary(directory), Temporary(directory));
        try
        {
            File.WriteAllBytes(from.Value, new byte[1 << 16]);
            return Reflink.TryCopy(from, to);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
        finally
        {
            File.Delete(from.Value);
            File.Delete(to.Value);
        }
    }

    /// <summary>The path itself, or the nearest directory above it that is there.</summary>
    public static AbsolutePath Existing(AbsolutePath path) => path.Value == "/" || FileStat.TryRead(path) is not null ? path : Existing(path.Parent());

    private static AbsolutePath Temporary(AbsolutePath directory) => directory.Child($"doctor.{Guid.NewGuid():N}.tmp");
}
