using VmExecutor.Core.Values;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Health;

/// <summary>Finds out the abilities of a directory's file system.</summary>
public static class FileSystemLook
{
    // Others refuse at once; there is nothing to be tried.
    private static readonly string[] MayReflink = ["xfs", "btrfs", "bcachefs", "zfs", "ocfs2"];

    // A file system that is not among these may be another host's as well.
    private static readonly string[] OfOneHost = ["ext2", "ext3", "ext4", "xfs", "btrfs", "bcachefs", "zfs", "f2fs", "jfs", "reiserfs", "tmpfs", "ramfs", "overlay"];

    /// <summary>True when another host can have the same files (NFS, CIFS, Ceph), and where that is not known.</summary>
    public static bool MayBeShared(AbsolutePath path) => !OfOneHost.Contains(Mounts.Of(path)?.Type);

    /// <summary>
    /// True when a copy shares its blocks; null: not tried. It is tried with two small files, named like files that are being written: gc
    /// removes what a kill leaves of them.
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
            HostFile.WriteAllBytes(from.Value, new byte[1 << 16]);
            return Reflink.TryCopy(from, to);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
        finally
        {
            HostFile.TryDelete(from.Value);
            HostFile.TryDelete(to.Value);
        }
    }

    /// <summary>The path itself, or the nearest directory above it that is there.</summary>
    public static AbsolutePath Existing(AbsolutePath path) => path.Value == "/" || FileStat.TryRead(path) is not null ? path : Existing(path.Parent());

    private static AbsolutePath Temporary(AbsolutePath directory) => directory.Child($"doctor.{Guid.NewGuid():N}.tmp");
}
