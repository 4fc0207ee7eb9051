using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace VmExecutor.Core.Values;

/// <summary>An image in a container registry: <c>registry.example.com/ci/debian-12:2026-11</c>, by tag or by digest.</summary>
public sealed partial record OciReference
{
    public const string Rule = "a registry with its host, a repository, and a tag or digest, for example registry.example.com/ci/debian-12:2026-11";

    /// <summary>The same for an editor.</summary>
    public const string Pattern = "^(?=.{1,512}$)" + Body + "$";

    private const int Longest = 512;

    // As https://github.com/distribution/reference has it, and with the registry's host, which skopeo would take for docker.io where it is missing.
    private const string Body =
        @"(?<repository>(localhost|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+|[A-Za-z0-9-]+(?=:)|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?(/[a-z0-9]+((\.|__?|-+)[a-z0-9]+)*)+)(?=[:@])"
        + "(:(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(@(?<digest>sha256:[0-9a-f]{64}))?";

    private OciReference(string repository, string? tag, string? digest) => (Repository, Tag, Digest) = (repository, tag, digest);

    /// <summary>The registry's host, with its port, and the repository.</summary>
    public string Repository { get; }

    /// <summary>Null: only a digest is given.</summary>
    public string? Tag { get; }

    /// <summary><c>sha256:</c> and 64 digits; it counts before the tag. Null: the tag decides.</summary>
    public string? Digest { get; }

    /// <summary>The repository without the registry's host.</summary>
    public string Name => Repository[(Repository.IndexOf('/', StringComparison.Ordinal) + 1)..];

    /// <summary>The argument for skopeo, which takes no tag together with a digest.</summary>
    public string ForSkopeo => Digest is null ? $"docker://{this}" : $"docker://{Repository}@{Digest}";

    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out OciReference? reference)
    {
        reference = text is { Length: <= Longest } && Form().Match(text) is { Success: true } match
                ? new OciReference(match.Groups["repository"].Value, Part(match, "tag"), Part(match, "digest"))
                : null;
        return reference is not null;
    }

    /// <summary>The reason for which a text is none, as the end of a sentence; null: it is one.</summary>
    public static string? WhyNot(string text)
    {
        if (TryParse(text, out _))
        {
            return null;
        }

        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var last = text[(text.LastIndexOf('/') + 1)..];
        return text switch
        {
            _ when text.Contains("://", StringComparison.Ordinal) => $"leave out '{PlainText.OneLine(text[..(text.IndexOf("://", StringComparison.Ordinal) + 3)], 30)}'",
            _ when slash < 0 || !Form().IsMatch($"{text[..slash]}/x:x") => "it does not begin with a registry's host, which has a dot or a port",
            _ when last.IndexOfAny([':', '@']) is var mark && (mark < 0 || mark == last.Length - 1) => "it has no tag",
            _ when last.Contains('@', StringComparison.Ordinal) => "its digest is not sha256: and 64 hexadecimal digits",
            _ when text[slash..].Split(':')[0].Any(char.IsAsciiLetterUpper) => "a repository has small letters only",
            _ => "a repository has small letters, digits and '.', '_', '-' between them; a tag has letters, digits, '.', '_' and '-'",
        };
    }

    /// <summary>The same repository, by digest alone.</summary>
    /// <param name="digest">As <see cref="Digest"/> has it.</param>
    public OciReference At(string digest) => new(Repository, null, digest);

    public override string ToString() => $"{Repository}{(Tag is null ? "" : $":{Tag}")}{(Digest is null ? "" : $"@{Digest}")}";

    private static string? Part(Match match, string name) => match.Groups[name] is { Success: true } group ? group.Value : null;

    [GeneratedRegex(@"\A" + Body + @"\z")]
    private static partial Regex Form();
}
