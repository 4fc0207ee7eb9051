using System.Buffers.Binary;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Files;

/// <summary>POSIX access lists (acl(5)), as the kernel has them in an attribute (linux/posix_acl_xattr.h): a version, then tag, rights and id of each entry.</summary>
internal static class AccessList
{
    private const string Attribute = "system.posix_acl_access";
    private const int Pass = 1;
    private const int Everything = 7;

    /// <summary>Lets a group pass through a directory, and neither list nor change it.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public static void LetPass(AbsolutePath directory, uint group)
    {
        const ushort Owner = 0x01, OwnGroup = 0x04, Group = 0x08, Mask = 0x10, Others = 0x20;
        if (FileStat.TryRead(directory) is not { } stat)
        {
            throw new HostFileException($"{directory} cannot be looked at", Libc.Failure());
        }

        // Where there is a list already, the group's bits of the mode are its mask.
        var list = Of(
            (Owner, (ushort)(((int)stat.Mode >> 6) & Everything), uint.MaxValue),
            (OwnGroup, (ushort)(((int)stat.Mode >> 3) & Everything), uint.MaxValue),
            (Group, Pass, group),
            (Mask, Everything, uint.MaxValue),
            (Others, (ushort)((int)stat.Mode & Everything), uint.MaxValue));
        if (Set(directory, list) is { } failure)
        {
            throw new HostFileException($"{directory} cannot be opened for the group {group}", failure);
        }
    }

    /// <summary>A list of these entries, in the order that the kernel wants: by tag, then by id.</summary>
    public static byte[] Of(params (ushort Tag, ushort Rights, uint Id)[] entries)
    {
        var list = new byte[4 + (entries.Length * 8)];
        BinaryPrimitives.WriteUInt32LittleEndian(list, 2);
        var at = list.AsSpan(4);
        foreach (var (tag, rights, id) in entries)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(at, tag);
            BinaryPrimitives.WriteUInt16LittleEndian(at[2..], rights);
            BinaryPrimitives.WriteUInt32LittleEndian(at[4..], id);
            at = at[8..];
        }

        return list;
    }

    /// <returns>Why not; null: it is done.</returns>
    public static IOException? Set(AbsolutePath path, byte[] list) => Libc.SetAttribute(path.Value, Attribute, list, (nuint)list.Length, 0) == 0 ? null : Libc.Failure();
}
