using System.Diagnostics.CodeAnalysis;

namespace VmExecutor.Core.Values;

/// <summary>A pattern of image names: <c>*</c> is any run of characters, <c>?</c> any one; everything else is itself, and case matters.</summary>
public sealed record Glob
{
    public const string Rule = "1 to 255 characters without spaces; '*' stands for any run of characters, '?' for one";

    private readonly Wildcard[] _places;

    public Glob(string text)
    {
        Value = IsValid(text) ? text : throw new ArgumentException($"'{text}' is not a pattern: {Rule}", nameof(text));
        _places = Array.ConvertAll(text.ToCharArray(), Place);
    }

    public string Value { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Glob? glob)
    {
        glob = text is not null && IsValid(text) ? new Glob(text) : null;
        return glob is not null;
    }

    /// <summary>True when the whole text matches the pattern; a text of more than 4096 characters never does.</summary>
    public bool Matches(string text) => Wildcards.Match(_places, text);

    /// <summary>True when one of the patterns, or several together, match everything that this one matches.</summary>
    public bool IsCoveredBy(IEnumerable<Glob> others) => WildcardCover.Covers([.. others.Select(other => other._places)], _places);

    public bool Equals(Glob? other) => other?.Value == Value;

    public override int GetHashCode() => Value.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Value;

    private static Wildcard Place(char character) => character switch
    {
        '*' => new Wildcard(WildcardKind.AnyRun),
        '?' => new Wildcard(WildcardKind.AnyOne),
        _ => new Wildcard(WildcardKind.Character, character),
    };

    // It is shown to job authors as it is.
    private static bool IsValid(string text) => text.Length is > 0 and <= 255 && PlainText.OneLine(text, text.Length) == text && !text.Contains(' ', StringComparison.Ordinal);
}
