using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Disks;

/// <summary>A copy that shares its blocks with the original until one of them is written (ioctl_ficlone(2)): XFS, Btrfs, bcachefs.</summary>
internal static class Reflink
{
    private const ulong Clone = 0x40049409; // FICLONE, linux/fs.h

    /// <summary>False: this file system cannot, or the two are on different ones; nothing is left then.</summary>
    /// <exception cref="Files.HostFileException">Not here: the caller knows what was to be copied.</exception>
    public static bool TryCopy(AbsolutePath from, AbsolutePath to)
    {
        using var source = HostFile.OpenHandle(from.Value, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        bool cloned;
        using (var target = HostFile.OpenHandle(to.Value, FileMode.CreateNew, FileAccess.Write))
        {
            cloned = Libc.Control(target, Clone, source) == 0;
            if (cloned)
            {
                RandomAccess.FlushToDisk(target);
            }
        }

        if (!cloned)
        {
            HostFile.Delete(to.Value);
        }

        return cloned;
    }
}
