using System.Diagnostics.CodeAnalysis;

namespace VmExecutor.Core.Values;

/// <summary>A SHA-256 or SHA-512 checksum, written in hexadecimal as <c>sha256sum</c> prints it.</summary>
public sealed record Checksum
{
    private Checksum(ChecksumKind kind, string hex) => (Kind, Hex) = (kind, hex);

    /// <summary>The checksum of no real file: in place of one that is not known yet.</summary>
    internal static Checksum Unset { get; } = new(ChecksumKind.Sha256, new string('0', 64));

    public ChecksumKind Kind { get; }

    /// <summary>Lower case.</summary>
    public string Hex { get; }

    public static bool TryParse(ChecksumKind kind, [NotNullWhen(true)] string? text, [NotNullWhen(true)] out Checksum? checksum)
    {
        var digits = kind == ChecksumKind.Sha256 ? 64 : 128;
        checksum = text is not null && text.Length == digits && text.All(char.IsAsciiHexDigit) ? new Checksum(kind, text.ToLowerInvariant()) : null;
        return checksum is not null;
    }

    public override string ToString() => $"{Kind.ToString().ToLowerInvariant()}:{Hex}";
}

public enum ChecksumKind
{
    Sha256,
    Sha512,
}
