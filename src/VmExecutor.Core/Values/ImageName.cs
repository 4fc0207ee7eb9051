using System.Diagnostics.CodeAnalysis;

namespace VmExecutor.Core.Values;

/// <summary>An image's name in the catalogue: 1 to 63 of <c>a-z 0-9 . _ -</c>, beginning with a letter or digit.</summary>
public sealed record ImageName
{
    public const string Rule = "1 to 63 characters out of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit";

    public ImageName(string name)
    {
        Value = IsValid(name) ? name : throw new ArgumentException($"'{name}' is not an image name: {Rule}", nameof(name));
    }

    public string Value { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out ImageName? name)
    {
        name = text is not null && IsValid(text) ? new ImageName(text) : null;
        return name is not null;
    }

    public override string ToString() => Value;

    private static bool IsValid(string text) =>
        text.Length is > 0 and <= 63
        && char.IsAsciiLetterOrDigit(text[0])
        && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '_' or '-');
}
