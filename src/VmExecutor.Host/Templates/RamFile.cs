using System.Buffers.Binary;
using System.Globalization;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Templates;

/// <summary>
/// The file that is a template's memory. QEMU opens it for reading and writing even where it maps it privately (QEMU 7.2; from 8.2 on it could be
/// told not to), so its user needs both rights for as long as there are clones.
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

    /// <summary>
    /// Lets QEMU's user open the file. Root gives the file to that user; another user can still name that user in the file's access list.
    /// </summary>
    private static void Allow(AbsolutePath path, QemuUser user)
    {
        var why = Environment.IsPrivilegedProcess ? FileOwner.Change(path.Value, user.User, FileOwner.Same)
            : Libc.SetAttribute(path.Value, "system.posix_acl_access", AccessList(user.User), (nuint)AccessListBytes, 0) == 0 ? null
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

    private const int AccessListBytes = 4 + (5 * 8);

    /// <summary>linux/posix_acl_xattr.h: a version, then tag, rights and id of each entry: owner, that user, group, mask, others.</summary>
    private static byte[] AccessList(uint user)
    {
        const ushort Owner = 0x01, User = 0x02, Group = 0x04, Mask = 0x10, Others = 0x20, None = 0, ReadAndWrite = 6;
        var list = new byte[AccessListBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(list, 2);
        var at = list.AsSpan(4);
        foreach (var (tag, rights, id) in new[]
        {
            (Owner, ReadAndWrite, uint.MaxValue), (User, ReadAndWrite, user), (Group, None, uint.MaxValue), (Mask, ReadAndWrite, uint.MaxValue), (Others, None, uint.MaxValue),
        })
        {
            BinaryPrimitives.WriteUInt16LittleEndian(at, tag);
            BinaryPrimitives.WriteUInt16LittleEndian(at[2..], rights);
            BinaryPrimitives.WriteUInt32LittleEndian(at[4..], id);
            at = at[8..];
        }

        return list;
    }
}
