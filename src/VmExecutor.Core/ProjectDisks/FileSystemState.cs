using System.Buffers.Binary;

namespace VmExecutor.Core.ProjectDisks;

/// <summary>
/// Reads the state of an ext4 file system from its superblock (Documentation/filesystems/ext4/super.rst of Linux). The guest that wrote it is not trusted: nothing of it is used but
/// for the decision whether the next job may get it.
/// </summary>
public static class FileSystemState
{
    /// <summary>The place of the superblock on the disk, in bytes.</summary>
    public const int Offset = 1024;

    /// <summary>Its length in bytes.</summary>
    public const int Length = 1024;

    private const ushort Magic = 0xEF53;
    private const ushort WithoutErrors = 0x1;
    private const ushort WithErrors = 0x2;

    /// <summary>The journal has entries that were not carried out yet: set at mounting, and cleared by a clean unmount (ext4_put_super, ext4_mark_recovery_complete).</summary>
    private const uint NeedsRecovery = 0x4;

    private const uint Has64Bits = 0x80;

    /// <summary>The word of <see cref="ProjectDiskRefusals"/> why the file system is not fit for the next job; null: it is.</summary>
    /// <param name="superblock">The bytes of it.</param>
    /// <param name="diskBytes">The size of the disk.</param>
    public static string? FindRefusal(ReadOnlySpan<byte> superblock, long diskBytes)
    {
        if (superblock.Length < Length || BinaryPrimitives.ReadUInt16LittleEndian(superblock[0x38..]) != Magic)
        {
            return ProjectDiskRefusals.Damaged;
        }

        var state = BinaryPrimitives.ReadUInt16LittleEndian(superblock[0x3A..]);
        var features = BinaryPrimitives.ReadUInt32LittleEndian(superblock[0x60..]);
        var sizeOfBlock = BinaryPrimitives.ReadUInt32LittleEndian(superblock[0x18..]);
        ulong blocks = BinaryPrimitives.ReadUInt32LittleEndian(superblock[0x4..]);
        if ((features & Has64Bits) != 0)
        {
            blocks |= (ulong)BinaryPrimitives.ReadUInt32LittleEndian(superblock[0x150..]) << 32;
        }

        return (state & WithErrors) != 0 || sizeOfBlock > 6 || (UInt128)blocks << (10 + (int)sizeOfBlock) > (UInt128)diskBytes ? ProjectDiskRefusals.Damaged
            : (state & WithoutErrors) == 0 || (features & NeedsRecovery) != 0 ? ProjectDiskRefusals.Unclean
            : null;
    }
}
