using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Images;

/// <summary>The reason why a file cannot be used as a base disk.</summary>
/// <param name="IsFatal">Jobs fail, or their guest finds nothing to start; else it works in some cases, or badly.</param>
/// <param name="What">The end of a sentence that begins with the file's path.</param>
/// <param name="Fix">A command, or what to do.</param>
public sealed record DiskTrouble(bool IsFatal, string What, string Fix);

/// <summary>Recognizes by its content a file that the configuration or a domain names as a disk.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Name">QEMU's name of a disk's format; the name of the packer, archive or image else.</param>
public sealed record DiskContent(DiskContentKind Kind, string Name)
{
    /// <summary>The number of bytes that are needed of a file's beginning: up to the mark of an ISO image.</summary>
    public const int HeadBytes = 33 << 10;

    /// <summary>The number of bytes that are needed of a file's end: the footer of a fixed VHD.</summary>
    public const int TailBytes = 512;

    // Formats: QEMU's block/*.c; packers: their own magic numbers, as file(1) has them.
    private static readonly (int At, byte[] Magic, DiskContentKind Kind, string Name)[] Marks =
    [
        (0, [.. "QFI"u8, 0xfb, 0, 0, 0, 1], DiskContentKind.Disk, "qcow"),
        (0, [.. "QFI"u8, 0xfb], DiskContentKind.Disk, "qcow2"),
        (0, [.. "QED\0"u8], DiskContentKind.Disk, "qed"),
        (0, [.. "KDMV"u8], DiskContentKind.Disk, "vmdk"),
        (0, [.. "COWD"u8], DiskContentKind.Disk, "vmdk"),
        (0, [.. "# Disk DescriptorFile"u8], DiskContentKind.Disk, "vmdk"),
        (64, [0x7f, 0x10, 0xda, 0xbe], DiskContentKind.Disk, "vdi"),
        (0, [.. "vhdxfile"u8], DiskContentKind.Disk, "vhdx"),
        (0, [.. "conectix"u8], DiskContentKind.Disk, "vpc"),
        (0, [.. "WithoutFreeSpace"u8], DiskContentKind.Disk, "parallels"),
        (0, [.. "WithouFreSpacExt"u8], DiskContentKind.Disk, "parallels"),
        (0, [0x1f, 0x8b], DiskContentKind.Packed, "gzip"),
        (0, [0xfd, .. "7zXZ"u8, 0], DiskContentKind.Packed, "xz"),
        (0, [0x28, 0xb5, 0x2f, 0xfd], DiskContentKind.Packed, "zstd"),
        (0, [.. "BZh"u8], DiskContentKind.Packed, "bzip2"),
        (0, [0x04, 0x22, 0x4d, 0x18], DiskContentKind.Packed, "lz4"),
        (0, [.. "PK\u0003\u0004"u8], DiskContentKind.Archive, "zip"),
        (0, [.. "7z"u8, 0xbc, 0xaf, 0x27, 0x1c], DiskContentKind.Archive, "7z"),
        (257, [.. "ustar"u8], DiskContentKind.Archive, "tar or ova"),
        (0, [.. "version https://git-lfs"u8], DiskContentKind.Text, "Git LFS pointer"),
        (0, [.. "<!DOCTYPE"u8], DiskContentKind.Text, "web page"),
        (0, [.. "<!doctype"u8], DiskContentKind.Text, "web page"),
        (0, [.. "<html"u8], DiskContentKind.Text, "web page"),
        (0, [.. "<HTML"u8], DiskContentKind.Text, "web page"),
        (0, [.. "<?xml"u8], DiskContentKind.Text, "XML text"),
        (32769, [.. "CD001"u8], DiskContentKind.Optical, "ISO 9660"),
        (32769, [.. "BEA01"u8], DiskContentKind.Optical, "UDF"),
    ];

    /// <param name="head">The first <see cref="HeadBytes"/> of the file, or all of it.</param>
    /// <param name="tail">The last <see cref="TailBytes"/>.</param>
    public static DiskContent Of(ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail)
    {
        if (head.IsEmpty)
        {
            return new DiskContent(DiskContentKind.Empty, "empty");
        }

        foreach (var (at, magic, kind, name) in Marks)
        {
            if (head.Length >= at + magic.Length && head.Slice(at, magic.Length).SequenceEqual(magic))
            {
                return new DiskContent(kind, name);
            }
        }

        return tail.StartsWith("conectix"u8) ? new DiskContent(DiskContentKind.Disk, "vpc") : new DiskContent(DiskContentKind.Disk, "raw");
    }

    /// <summary>Null: nothing is wrong with it.</summary>
    /// <param name="said">The format that the configuration or the domain says; null: neither does.</param>
    /// <param name="path">Of the file.</param>
    /// <param name="saidBy">How the reader says another format: <c>format</c> of the YAML, or <c>driver type</c> of the domain.</param>
    public DiskTrouble? TroubleAs(string? said, AbsolutePath path, string saidBy)
    {
        var file = ShellText.Quote(path.Value);
        return this switch
        {
            { Kind: DiskContentKind.Empty } => new DiskTrouble(true, "is empty and no disk", "copy or download it again"),
            { Kind: DiskContentKind.Text } => new DiskTrouble(true, $"is a {Name} and no disk", "download it again, and look at what the server sends: head -c 300"),
            { Kind: DiskContentKind.Packed } => new DiskTrouble(true, $"is packed ({Name}) and no disk yet", $"unpack it; 'source: url' with a file: address does that by itself: file://{path}"),
            { Kind: DiskContentKind.Archive } => new DiskTrouble(true, $"is an archive ({Name}) and no disk", "unpack it, and take the disk out of it: tar -xf or unzip, then qemu-img convert -O qcow2"),
            { Kind: DiskContentKind.Optical } => new DiskTrouble(
                false, $"is the image of a CD or DVD ({Name}), mostly one to install from, and no disk with a system on it", "install a system from it into a disk first, or take the vendor's cloud image"),
            _ when said is not null && said != Name => Mismatch(said, path, saidBy, file),
            { Name: not ("qcow2" or "raw") } when said is null => new DiskTrouble(false, $"is a disk of format {Name}, and base disks are qcow2 or raw", Convert(path, file)),
            _ => null,
        };
    }

    private DiskTrouble Mismatch(string said, AbsolutePath path, string saidBy, string file) => new(
        true,
        $"is a disk of format {Name}, but {saidBy} says {said}: {(said == "raw" ? "the guest would see the format's own headers and find no boot loader" : "QEMU does not open it")}",
        Name is "qcow2" or "raw" || saidBy != "format" ? $"{saidBy}: {Name}" : Convert(path, file));

    private string Convert(AbsolutePath path, string file) => $"qemu-img convert -f {Name} -O qcow2 {file} {ShellText.Quote($"{path}.qcow2")}";
}

/// <summary>The kind of a file that should be a disk.</summary>
public enum DiskContentKind
{
    /// <summary>A disk; also a file of unknown content, since a raw disk may begin with anything.</summary>
    Disk,
    Packed,
    Archive,

    /// <summary>The image of a CD or DVD.</summary>
    Optical,
    Text,
    Empty,
}
