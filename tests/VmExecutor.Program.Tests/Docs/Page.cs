using System.Text.RegularExpressions;
using VmExecutor.RunnerSimulator.Drivers;

namespace VmExecutor.Program.Tests.Docs;

/// <summary>A page of the documentation, read as far as these tests want to know: headings, links, code.</summary>
internal sealed partial class Page
{
    private Page(string path)
    {
        Path = path;
        var prose = new List<string>();
        Blocks = [.. CodeBlock.Read(File.ReadAllLines(System.IO.Path.Combine(Root, path)), prose)];
        Anchors = AnchorsOf(prose);
        CodeWords = [.. prose.SelectMany(line => Code().Matches(line)).Select(match => match.Groups[1].Value)];
        Links = [.. prose.SelectMany(line => Link().Matches(Code().Replace(line, "code"))).Select(match => match.Groups[1].Value)];
        Headings = [.. prose.Select(line => Heading().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value)];
    }

    public static string Root { get; } = BuiltDriver.Checkout();

    /// <summary>Seen from the checkout's root: <c>docs/install.md</c>.</summary>
    public string Path { get; }

    public IReadOnlyList<CodeBlock> Blocks { get; }

    /// <summary>The words between single backticks in the text.</summary>
    public IReadOnlyList<string> CodeWords { get; }

    public IReadOnlyList<string> Headings { get; }

    /// <summary>As GitLab makes them of headings.</summary>
    public IReadOnlySet<string> Anchors { get; }

    /// <summary>Their targets, as they are written.</summary>
    public IReadOnlyList<string> Links { get; }

    /// <summary>Every page for people.</summary>
    public static IReadOnlyList<Page> All() =>
    [
        .. new[] { "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "config/README.md", "config/recipes/README.md", "src/README.md" }
            .Concat(Directory.EnumerateFiles(System.IO.Path.Combine(Root, "docs"), "*.md").Select(file => System.IO.Path.GetRelativePath(Root, file)).Order(StringComparer.Ordinal))
            .Select(path => new Page(path)),
    ];

    public static Page Of(string path) => new(path);

    private static HashSet<string> AnchorsOf(IEnumerable<string> lines)
    {
        var anchors = new HashSet<string>(StringComparer.Ordinal);
        foreach (var heading in lines.Select(line => Heading().Match(line)).Where(match => match.Success))
        {
            var text = Link().Replace(heading.Groups[1].Value, "]").Trim().ToLowerInvariant();
            var anchor = string.Concat(text.Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-');
            for (var again = 0; !anchors.Add(again == 0 ? anchor : $"{anchor}-{again}"); again++)
            {
            }
        }

        return anchors;
    }

    [GeneratedRegex("^#{1,6} +(.+)$")]
    private static partial Regex Heading();

    [GeneratedRegex(@"\]\(([^()\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
