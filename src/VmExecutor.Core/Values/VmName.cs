using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace VmExecutor.Core.Values;

/// <summary>
/// A name that people give a domain of theirs: what libvirt takes (no slash, nothing invisible), fit for a file's name and for a
/// command line.
/// </summary>
public sealed record VmName
{
    /// <summary>For messages.</summary>
    public const string Rule = "1 to 200 bytes without slashes and control characters, not beginning with '-' or '.', without spaces at its ends";

    // NAME_VARS.qcow2 and NAME-vda.qcow2 are files' names, with 255 bytes at most.
    private const int LongestBytes = 200;

    private VmName(string value) => Value = value;

    public string Value { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out VmName? name)
    {
        name = IsValid(text) ? new VmName(text!) : null;
        return name is not null;
    }

    public override string ToString() => Value;

    private static bool IsValid(string? text) =>
        text is { Length: > 0 }
        && Encoding.UTF8.GetByteCount(text) <= LongestBytes
        && text[0] is not ('-' or '.')
        && text.Trim() == text
        && !text.Contains('/', StringComparison.Ordinal)
        && PlainText.Lines(text) == text
        && !text.Contains('\n', StringComparison.Ordinal)
        && !text.Contains('\t', StringComparison.Ordinal)
        && XmlText.CanCarry(text);
}
