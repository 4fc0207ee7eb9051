using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace VmExecutor.Host.Files;

/// <summary>The kinds of entry of an archive, as far as they matter for unpacking.</summary>
internal enum TarEntryKind
{
    File,

    /// <summary>Another name of an entry that came before.</summary>
    HardLink,
    SymbolicLink,

    /// <summary>A directory, a device, a pipe: nothing that has content.</summary>
    Other,
}

/// <summary>One entry of an archive, by its header.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Name">As the archive says it: any text.</param>
/// <param name="LinkName">Of a link: where it leads.</param>
/// <param name="Mode">Its permissions.</param>
/// <param name="Length">Of its content, in bytes.</param>
internal sealed record TarEntry(TarEntryKind Kind, string Name, string LinkName, UnixFileMode Mode, long Length);

/// <summary>
/// Reads an archive entry by entry, in bounded memory whatever its headers say: as POSIX has the formats ustar and pax (pax(1)), and with GNU tar's long names. System.Formats.Tar
/// takes as much memory for an extended header as the header says, up to 2 GiB. Sparse files are refused: nothing here asks tar for them.
/// </summary>
/// <param name="archive">Can be read and sought.</param>
/// <param name="most">The number of headers that are read, extended ones too.</param>
internal sealed class TarEntries(Stream archive, int most = TarEntries.MostHeaders)
{
    /// <summary>Of an extended header: a path has 4096 bytes, and extended attributes 64 KiB.</summary>
    public const int LongestExtension = 256 * 1024;

    /// <summary>No archive has more headers.</summary>
    public const int MostHeaders = 1_000_000;

    private const int BlockLength = 512;
    private readonly byte[] _block = new byte[BlockLength];
    private long _next = archive.Position;
    private long _left;
    private int _headers;

    /// <summary>The next entry; null: there are no more.</summary>
    /// <exception cref="InvalidDataException">It is no archive, or one that is refused.</exception>
    public TarEntry? Next()
    {
        string? longName = null;
        string? longLink = null;
        var extension = new Extension(null, null, null);
        while (ReadHeader() is { } header)
        {
            var type = (char)header[156];
            var length = Number(header.AsSpan(124, 12));
            switch (type)
            {
                case 'x':
                    extension = Extension.Parse(ReadExtension(length), extension);
                    continue;
                case 'L':
                    longName = Text(ReadExtension(length));
                    continue;
                case 'K':
                    longLink = Text(ReadExtension(length));
                    continue;
                case 'S':
                    throw new InvalidDataException("the archive has a sparse file");
            }

            var kind = type switch
            {
                '0' or '\0' or '7' => TarEntryKind.File,
                '1' => TarEntryKind.HardLink,
                '2' => TarEntryKind.SymbolicLink,
                _ => TarEntryKind.Other,
            };
            length = extension.Length ?? length;
            if (length > 0 && type is >= '1' and <= '6')
            {
                throw new InvalidDataException($"the archive has an entry of type {type} with content");
            }

            Advance(length);
            if (type != 'g')
            {
                return new TarEntry(
                    kind,
                    extension.Path ?? longName ?? NameIn(header),
                    extension.LinkPath ?? longLink ?? Text(header.AsSpan(157, 100)),
                    (UnixFileMode)(Number(header.AsSpan(100, 8)) & 0xFFF),
                    length);
            }
        }

        return null;
    }

    /// <summary>Writes the content of the entry that was read last; the second time nothing is left of it.</summary>
    public void CopyTo(Stream target)
    {
        var block = new byte[64 * 1024];
        while (_left > 0)
        {
            var count = archive.Read(block, 0, (int)Math.Min(block.Length, _left));
            if (count == 0)
            {
                throw Cut();
            }

            target.Write(block, 0, count);
            _left -= count;
        }
    }

    private static string NameIn(byte[] header)
    {
        var name = Text(header.AsSpan(0, 100));
        var prefix = header.AsSpan(257, 6).SequenceEqual("ustar\0"u8) ? Text(header.AsSpan(345, 155)) : "";
        return prefix.Length > 0 ? $"{prefix}/{name}" : name;
    }

    private static string Text(ReadOnlySpan<byte> field) => Encoding.UTF8.GetString(field.IndexOf((byte)0) is >= 0 and var end ? field[..end] : field);

    /// <summary>Octal digits; or, with the first bit set, a binary number.</summary>
    private static long Number(ReadOnlySpan<byte> field)
    {
        if ((field[0] & 0x80) != 0)
        {
            return field.Length > sizeof(long) && field[0] == 0x80 && field[1..^sizeof(long)].IndexOfAnyExcept((byte)0) < 0 && BinaryPrimitives.ReadInt64BigEndian(field[^sizeof(long)..]) is >= 0 and var number
                ? number
                : throw new InvalidDataException("the archive has a number that is negative or too large");
        }

        var value = 0L;
        foreach (var digit in field.Trim(" \0"u8))
        {
            value = digit is >= (byte)'0' and <= (byte)'7' ? (value << 3) + digit - '0' : throw NoArchive();
        }

        return value;
    }

    private static InvalidDataException NoArchive() => new("it is no tar archive, or a damaged one");

    private static InvalidDataException Cut() => new("the archive ends in the middle of an entry");

    /// <summary>Null: it is the end.</summary>
    private byte[]? ReadHeader()
    {
        archive.Position = _next;
        var count = archive.ReadAtLeast(_block, BlockLength, throwOnEndOfStream: false);
        if (count == 0 || (count == BlockLength && _block.AsSpan().IndexOfAnyExcept((byte)0) < 0))
        {
            return null;
        }

        _headers++;
        _next += BlockLength;
        return count < BlockLength ? throw Cut()
            : _headers > most ? throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"the archive has more than {most} entries"))
            : Number(_block.AsSpan(148, 8)) == _block.Sum(value => (long)value) - _block.AsSpan(148, 8).ToArray().Sum(value => (long)value) + (8 * ' ') ? _block
            : throw NoArchive();
    }

    private byte[] ReadExtension(long length)
    {
        if (length > LongestExtension)
        {
            throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture, $"the archive has an extended header of {length} bytes, and {LongestExtension} at most are read"));
        }

        Advance(length);
        var content = new byte[length];
        if (archive.ReadAtLeast(content, content.Length, throwOnEndOfStream: false) < content.Length)
        {
            throw Cut();
        }

        return content;
    }

    /// <summary>Content stands in whole blocks.</summary>
    private void Advance(long length)
    {
        if (length > archive.Length - _next)
        {
            throw Cut();
        }

        _left = length;
        _next += (length + BlockLength - 1) / BlockLength * BlockLength;
    }

    /// <summary>The part of a pax header that says something of the entry behind it.</summary>
    private sealed record Extension(string? Path, string? LinkPath, long? Length)
    {
        /// <summary>Records as <c>25 path=a/long/name\n</c>: each begins with its own length in bytes.</summary>
        public static Extension Parse(ReadOnlySpan<byte> records, Extension before)
        {
            var extension = before;
            while (!records.IsEmpty)
            {
                var space = records.IndexOf((byte)' ');
                if (space is < 1 or > 6
                    || !int.TryParse(records[..space], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                    || length <= space + 1 || length > records.Length || records[length - 1] != '\n')
                {
                    throw NoArchive();
                }

                var record = records[(space + 1)..(length - 1)];
                var equals = record.IndexOf((byte)'=');
                var value = equals < 0 ? throw NoArchive() : record[(equals + 1)..];
                extension = Encoding.UTF8.GetString(record[..equals]) switch
                {
                    "path" => extension with { Path = Encoding.UTF8.GetString(value) },
                    "linkpath" => extension with { LinkPath = Encoding.UTF8.GetString(value) },
                    "size" => extension with { Length = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : throw NoArchive() },
                    var key when key.StartsWith("GNU.sparse.", StringComparison.Ordinal) => throw new InvalidDataException("the archive has a sparse file"),
                    _ => extension,
                };
                records = records[length..];
            }

            return extension;
        }
    }
}
