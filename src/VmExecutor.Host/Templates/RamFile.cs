using System.Globalization;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Templates;

/// <summary>
/// The file that is a template's memory. A QEMU that cannot be told to open it read-only (<see cref="HypervisorFeatures.ReadOnlyMemory"/>) opens it
/// for reading and writing even where it maps it privately. Its user then needs both rights for as long as there are clones.
/// </summary>
internal static class RamFile
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes it, empty: QEMU gives it its size.</summary>
    /// <param name="path">In a directory that QEMU's user can pass through.</param>
    /// <param name="user">QEMU's user; null: the user of this process.</param>
    /// <exception cref="SystemFailureException">It cannot be made, or QEMU's user cannot be given the right to it.</exception>
    public static void Make(AbsolutePath path, QemuUser? user)
    {
        try
        {
            HostFile.OpenHandle(path.Value, FileMode.CreateNew, FileAccess.Write).Dispose();
            HostFile.SetUnixFileMode(path.Value, Mode);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{path} cannot be made", e);
        }

        if (user is { User: not 0 } other && other.User != Libc.EffectiveUser())
        {
            Allow(path, other);
        }
    }

    /// <summary>Makes it, empty, for machines that each run as a user of their own: all of them may open it, and no other user.</summary>
    /// <param name="path">In a directory that these users can pass through.</param>
    /// <param name="group">The group that they are all in.</param>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public static void MakeForGroup(AbsolutePath path, uint group)
    {
        Make(path, user: null);
        if (FileOwner.Change(path.Value, Libc.EffectiveUser(), group) is { } why)
        {
            throw new HostFileException($"{path} cannot be given to the group {group}", new IOException(why));
        }

        HostFile.SetUnixFileMode(path.Value, Mode | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
    }

    /// <summary>Makes the file read-only for all users, once the template is frozen. QEMU's user can still read it.</summary>
    /// <param name="path">As <see cref="Make"/> has made it.</param>
    /// <exception cref="HostFileException">The mode cannot be changed.</exception>
    public static void Protect(AbsolutePath path)
    {
        try
        {
            // With an access list the group's bits are the bound of what the list gives.
            HostFile.SetUnixFileMode(path.Value, UnixFileMode.UserRead | (IsSharedByList(path) ? UnixFileMode.GroupRead : UnixFileMode.None));
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{path} cannot be made read-only", e);
        }
    }

    /// <summary>
    /// True when QEMU's user reads the file by its access list and does not own it: an owner could give himself the right to write. False: there
    /// is no such user, or the file system has no access lists and the file stays that user's.
    /// </summary>
    private static bool IsSharedByList(AbsolutePath path)
    {
        var self = Libc.EffectiveUser();
        return FileStat.TryRead(path) is { } stat
            && (stat.Owner == self
                ? (stat.Mode & UnixFileMode.GroupRead) != 0
                : SetAccess(path, stat.Owner, Read) && FileOwner.Change(path.Value, self, FileOwner.Same) is null);
    }

    /// <summary>
    /// Lets QEMU's user open the file. Root gives the file to that user; another user can still name that user in the file's access list.
    /// </summary>
    private static void Allow(AbsolutePath path, QemuUser user)
    {
        var why = Environment.IsPrivilegedProcess ? FileOwner.Change(path.Value, user.User, FileOwner.Same)
            : SetAccess(path, user.User, ReadAndWrite) ? null
            : Libc.Failure().Message;
        if (why is not null)
        {
            throw new SystemFailureException(
                ErrorCodes.TemplateRefused,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"QEMU's user ({user.User}) cannot be given the right to read and write {path}: {why}"),
                "The file system of state_dir needs POSIX access lists (ext4, xfs and btrfs have them), or use qemu:///session, where QEMU runs as the runner's user.");
        }
    }

    private const ushort Read = 4;
    private const ushort ReadAndWrite = 6;

    private static bool SetAccess(AbsolutePath path, uint user, ushort rights)
    {
        const ushort Owner = 0x01, User = 0x02, Group = 0x04, Mask = 0x10, Others = 0x20, None = 0;
        return AccessList.Set(path, AccessList.Of(
            (Owner, rights, uint.MaxValue), (User, rights, user), (Group, None, uint.MaxValue), (Mask, rights, uint.MaxValue), (Others, None, uint.MaxValue))) is null;
    }
}
