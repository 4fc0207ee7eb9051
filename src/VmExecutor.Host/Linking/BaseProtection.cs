using VmExecutor.Core.Clones;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Linking;

/// <summary>
/// Keeps a source from being started unnoticed while clones stand on its disks: they are made read-only for every user. QEMU itself refuses
/// only while a clone runs (its lock on the image); with all clones off it would write, and spoil them. A QEMU whose user is not root cannot
/// open a read-only file for writing, so the start fails; libvirt changes a disk's owner at a start, never its mode.
/// </summary>
internal static class BaseProtection
{
    private const UnixFileMode Writing = UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Takes the right to write away.</summary>
    /// <returns>The mode of before; null: it was read-only already.</returns>
    /// <exception cref="HostFileException">It is not ours to change, or is a device, whose mode does not last.</exception>
    public static UnixFileMode? Protect(BackingFile file)
    {
        if (file.IsBlockDevice)
        {
            throw new HostFileException($"the disk {file.Path} cannot be made read-only", new IOException("it is a block device, whose mode lasts until the next boot at most"));
        }

        return Change(file.Path, "cannot be made read-only", mode => mode & ~Writing);
    }

    /// <summary>Gives its owner the right to write back.</summary>
    /// <returns>Whether it had none.</returns>
    /// <exception cref="HostFileException">It is not ours to change.</exception>
    public static bool Release(AbsolutePath file) =>
        Change(file, "cannot be made writable", mode => (mode & Writing) == 0 ? mode | UnixFileMode.UserWrite : mode) is not null;

    private static UnixFileMode? Change(AbsolutePath file, string failure, Func<UnixFileMode, UnixFileMode> change)
    {
        try
        {
            var before = HostFile.GetUnixFileMode(file.Value);
            var after = change(before);
            if (after == before)
            {
                return null;
            }

            HostFile.SetUnixFileMode(file.Value, after);
            return before;
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the disk {file} {failure}", e);
        }
    }
}
