using System.Buffers.Binary;
using System.Text;

namespace VmExecutor.Core.ProjectDisks;

/// <summary>
/// Looks at the head of a job's overlay before any tool opens it. The job's QEMU had it open for writing; one that was taken over could have named another file of the host as its
/// backing file or data file, and qemu-img would read that (docs/interop/qcow2.rst of QEMU).
/// </summary>
public static class OverlayHead
{
    /// <summary>The bytes at the beginning of the file in which everything must be: its first cluster.</summary>
    public const int Length = 65536;

    private const int LongestName = 1023;

    /// <summary>The reason why it is not as it was made, as the end of a sentence; null: it is.</summary>
    /// <param name="head">The first bytes of the file.</param>
    /// <param name="backing">The name of its backing file, as it was made.</param>
    /// <param name="size">As jobs see it.</param>
    public static string? WhyNotAsMade(ReadOnlySpan<byte> head, string backing, long size)
    {
        if (head.Length < 104 || head is not [(byte)'Q', (byte)'F', (byte)'I', 0xfb, ..] || BinaryPrimitives.ReadUInt32BigEndian(head[4..]) != 3)
        {
            return "is no qcow2 file of version 3";
        }

        var at = BinaryPrimitives.ReadUInt64BigEndian(head[8..]);
        var length = BinaryPrimitives.ReadUInt32BigEndian(head[16..]);
        return BinaryPrimitives.ReadUInt64BigEndian(head[72..]) != 0 ? "was not closed properly, is corrupt, or has its content elsewhere (incompatible features)"
            : BinaryPrimitives.ReadUInt32BigEndian(head[32..]) != 0 ? "is encrypted"
            : BinaryPrimitives.ReadUInt64BigEndian(head[24..]) != (ulong)size ? "has another size"
            : length is 0 or > LongestName || at > (ulong)head.Length || length > (ulong)head.Length - at || Encoding.UTF8.GetString(head.Slice((int)at, (int)length)) != backing
                ? "stands on another file"
            : null;
    }
}
