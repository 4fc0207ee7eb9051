namespace VmExecutor.Core.Images.Sources;

/// <summary>The way in which a file is packed, by its first bytes: names can be wrong, and addresses often have none.</summary>
public enum PackedFormat
{
    /// <summary>Not packed, or packed in a way that the driver does not know.</summary>
    None,

    Gzip,

    Xz,

    Zstandard,
}

public static class PackedFormats
{
    /// <summary>The number of bytes that <see cref="Of"/> needs.</summary>
    public const int HeadLength = 6;

    /// <param name="head">The file's first bytes; fewer than <see cref="HeadLength"/> where it has no more.</param>
    public static PackedFormat Of(ReadOnlySpan<byte> head) => head switch
    {
        [0x1f, 0x8b, 0x08, ..] => PackedFormat.Gzip, // RFC 1952, 2.3.1; 8: deflate, the only method there is
        [0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, ..] => PackedFormat.Xz, // https://tukaani.org/xz/xz-file-format.txt, 2.1.1.1
        [0x28, 0xb5, 0x2f, 0xfd, ..] => PackedFormat.Zstandard, // RFC 8878, 3.1.1
        _ => PackedFormat.None,
    };

    /// <summary>The tool that unpacks it to its standard output when called with <c>-dc</c>.</summary>
    public static string Tool(this PackedFormat format) => format switch
    {
        PackedFormat.Gzip => "gzip",
        PackedFormat.Xz => "xz",
        PackedFormat.Zstandard => "zstd",
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "it is not packed"),
    };
}
