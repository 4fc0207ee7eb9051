using System.Diagnostics.CodeAnalysis;

namespace VmExecutor.Core.Values;

/// <summary>
/// A pattern of GitLab project paths: <c>*</c> is any run of characters within one segment, <c>**</c> also across slashes. Case does not
/// matter, since two projects of GitLab never differ by case alone.
/// </summary>
public sealed record ProjectGlob
{
    public const string Rule = "a path such as group/project, group/* (one level) or group/** (all below), out of letters, digits, '_', '.', '-', '/' and '*'";

    private readonly List<Wildcard> _places = [];

    public ProjectGlob(string text)
    {
        Value = IsValid(text) ? text : throw new ArgumentException($"'{text}' is not a pattern of projects: {Rule}", nameof(text));
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '*')
            {
                _places.Add(new Wildcard(WildcardKind.Character, char.ToUpperInvariant(text[i])));
            }
            else if (i + 1 < text.Length && text[i + 1] == '*')
            {
                _places.Add(new Wildcard(WildcardKind.AnyRun));
                i++;
            }
            else
            {
                _places.Add(new Wildcard(WildcardKind.AnyRunWithinSegment));
            }
        }
    }

    public string Value { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out ProjectGlob? glob)
    {
        glob = text is not null && IsValid(text) ? new ProjectGlob(text) : null;
        return glob is not null;
    }

    /// <summary>True when this is one of the projects meant.</summary>
    /// <param name="projectPath">In full: <c>group/subgroup/project</c>.</param>
    public bool Matches(string projectPath) => Wildcards.Match(_places, projectPath.ToUpperInvariant());

    /// <summary>True when one of the patterns, or several together, match every project that this one matches.</summary>
    public bool IsCoveredBy(IEnumerable<ProjectGlob> others) => WildcardCover.Covers([.. others.Select(other => other._places)], _places);

    public bool Equals(ProjectGlob? other) => other?.Value == Value;

    public override int GetHashCode() => Value.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Value;

    private static bool IsValid(string text) =>
        text.Length is > 0 and <= 1000
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' or '/' or '*')
        && text[0] != '/' && text[^1] != '/'
        && !text.Contains("//", StringComparison.Ordinal)
        && !text.Contains("***", StringComparison.Ordinal);
}
