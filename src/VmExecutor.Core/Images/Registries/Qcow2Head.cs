using System.Buffers.Binary;
using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.Images.Registries;

/// <summary>
/// Reads the head of a disk from elsewhere before any tool opens it: a disk could name another file of this host as its backing file or data
/// file, and qemu-img would read that.
/// </summary>
public static class Qcow2Head
{
    /// <summary>The bytes of the head that are looked at.</summary>
    public const int Length = 104;

    private const ulong ExternalData = 1 << 2;

    /// <summary>The format by the disk's own mark: everything but qcow2 is taken as it is, raw.</summary>
    public static DiskFormat FormatOf(ReadOnlySpan<byte> head) => head is [(byte)'Q', (byte)'F', (byte)'I', 0xfb, ..] ? DiskFormat.Qcow2 : DiskFormat.Raw;

    /// <summary>The reason why the disk does not stand alone, as the end of a sentence; null: it does.</summary>
    /// <param name="head">The first <see cref="Length"/> bytes of a qcow2 file, or all of it.</param>
    public static string? WhyNotAlone(ReadOnlySpan<byte> head)
    {
        // https://gitlab.com/qemu-project/qemu/-/blob/master/docs/interop/qcow2.rst
        if (head.Length < 72 || FormatOf(head) != DiskFormat.Qcow2)
        {
            return "is no whole qcow2 file";
        }

        var version = BinaryPrimitives.ReadUInt32BigEndian(head[4..]);
        return version is not (2 or 3) ? $"is qcow2 of version {version}, and 2 and 3 are known"
            : BinaryPrimitives.ReadUInt64BigEndian(head[8..]) != 0 ? "stands on another file (backing file)"
            : BinaryPrimitives.ReadUInt32BigEndian(head[32..]) != 0 ? "is encrypted"
            : version == 3 && head.Length >= 80 && (BinaryPrimitives.ReadUInt64BigEndian(head[72..]) & ExternalData) != 0 ? "has its content in another file (data file)"
            : null;
    }
}
