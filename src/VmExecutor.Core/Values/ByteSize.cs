using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace VmExecutor.Core.Values;

/// <summary>An amount of memory or disk in bytes; written <c>512MiB</c>, <c>2GiB</c>, <c>10GB</c>.</summary>
public readonly record struct ByteSize : IComparable<ByteSize>
{
    // Largest first, which ToString relies on; "B" last, since every other suffix ends in it.
    private static readonly (string Suffix, long Factor)[] Units =
    [
        ("TiB", 1L << 40), ("TB", 1_000_000_000_000), ("GiB", 1L << 30), ("GB", 1_000_000_000),
        ("MiB", 1L << 20), ("MB", 1_000_000), ("KiB", 1L << 10), ("kB", 1_000), ("B", 1),
    ];

    public ByteSize(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Bytes = bytes;
    }

    public long Bytes { get; }

    public static ByteSize FromMebibytes(long mebibytes) => new(checked(mebibytes * (1L << 20)));

    /// <summary>Reads a whole number with a unit (case does not matter); no unit, a fraction or an overflow is refused.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ByteSize size)
    {
        size = default;
        if (text is null)
        {
            return false;
        }

        foreach (var (suffix, factor) in Units)
        {
            if (!text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            var digits = text.AsSpan(0, text.Length - suffix.Length).TrimEnd(' ');

            // The parser of .NET takes trailing NULs for the end of the text.
            if (digits.Contains('\0')
                || !long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                || number > long.MaxValue / factor)
            {
                return false;
            }

            size = new ByteSize(number * factor);
            return true;
        }

        return false;
    }

    public int CompareTo(ByteSize other) => Bytes.CompareTo(other.Bytes);

    public static bool operator <(ByteSize left, ByteSize right) => left.Bytes < right.Bytes;

    public static bool operator >(ByteSize left, ByteSize right) => left.Bytes > right.Bytes;

    public static bool operator <=(ByteSize left, ByteSize right) => left.Bytes <= right.Bytes;

    public static bool operator >=(ByteSize left, ByteSize right) => left.Bytes >= right.Bytes;

    /// <summary>The largest unit that divides it evenly: <c>512MiB</c>, never <c>0.5GiB</c>.</summary>
    public override string ToString()
    {
        var bytes = Bytes;
        var (suffix, factor) = Array.Find(Units, unit => bytes >= unit.Factor && bytes % unit.Factor == 0);
        return suffix is null
            ? "0B"
            : string.Create(CultureInfo.InvariantCulture, $"{bytes / factor}{suffix}");
    }
}
