using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace VmExecutor.Core.Reporting;

/// <summary>The sections about error codes of the guide, docs/troubleshooting.md, as they are shown on a page that is read without the guide.</summary>
public sealed partial class GuideSections
{
    private readonly Dictionary<string, List<string>> _lines = new(StringComparer.Ordinal);

    private GuideSections()
    {
    }

    /// <summary>No guide: a report names codes only.</summary>
    public static GuideSections None { get; } = new();

    /// <param name="markdown">The whole page.</param>
    public static GuideSections Read(string markdown)
    {
        var sections = new GuideSections();
        List<string>? current = null;
        foreach (var line in markdown.Split('\n'))
        {
            if (line.StartsWith('#'))
            {
                var code = Heading().Match(line) is { Success: true } heading ? heading.Groups["code"].Value : null;
                current = code is null ? null : sections._lines[code] = [];
            }
            else
            {
                current?.Add(line.TrimEnd());
            }
        }

        return sections;
    }

    public bool Has(string code) => _lines.ContainsKey(code);

    /// <summary>The name of the section's place in a page, as the guide itself has it: <c>vmx1203</c>.</summary>
    public static string Anchor(string code) => code.ToLowerInvariant();

    /// <summary>The first words of a section, which name the failure; null: there is no such section.</summary>
    public string? Title(string code) =>
        _lines.GetValueOrDefault(code) is { } lines && Bold().Match(string.Join(' ', lines)) is { Success: true } bold ? bold.Groups["text"].Value.TrimEnd('.', ':', ',').Replace("`", "", StringComparison.Ordinal) : null;

    /// <summary>A section's paragraphs, lists and examples.</summary>
    /// <param name="code">The error code.</param>
    /// <param name="shown">The codes whose sections are on the same page, to which links go.</param>
    internal IEnumerable<XElement> Body(string code, IReadOnlySet<string> shown)
    {
        var block = new List<string>();
        foreach (var line in _lines.GetValueOrDefault(code, []).Append(""))
        {
            if (line.Length > 0)
            {
                block.Add(line);
            }
            else if (block.Count > 0)
            {
                yield return Block(block, shown);
                block = [];
            }
        }
    }

    private static XElement Block(List<string> lines, IReadOnlySet<string> shown)
    {
        if (lines[0].StartsWith("    ", StringComparison.Ordinal))
        {
            return new XElement("pre", string.Join('\n', lines.Select(line => line.Length > 4 ? line[4..] : "")));
        }

        if (lines[0].StartsWith('|'))
        {
            return new XElement("ul", lines.Where(line => !Rule().IsMatch(line)).Select(line => new XElement("li", Inline(string.Join(": ", line.Trim('|', ' ').Split('|').Select(cell => cell.Trim())), shown))));
        }

        if (!lines[0].StartsWith("- ", StringComparison.Ordinal))
        {
            return new XElement("p", Inline(string.Join(' ', lines), shown));
        }

        var items = new List<string>();
        foreach (var line in lines)
        {
            if (line.StartsWith("- ", StringComparison.Ordinal))
            {
                items.Add(line[2..]);
            }
            else
            {
                items[^1] += $" {line.Trim()}";
            }
        }

        return new XElement("ul", items.Select(item => new XElement("li", Inline(item, shown))));
    }

    private static IEnumerable<object> Inline(string text, IReadOnlySet<string> shown)
    {
        var at = 0;
        foreach (Match match in Mark().Matches(text))
        {
            yield return text[at..match.Index];
            at = match.Index + match.Length;
            var (code, bold, link, target) = (match.Groups["code"], match.Groups["bold"], match.Groups["link"].Value, match.Groups["target"].Value);
            if (code.Success)
            {
                yield return new XElement("code", code.Value);
            }
            else if (bold.Success)
            {
                yield return new XElement("strong", Inline(bold.Value, shown));
            }
            else if (target.StartsWith('#') && shown.Contains(target[1..].ToUpperInvariant()))
            {
                yield return new XElement("a", new XAttribute("href", target), Inline(link, shown));
            }
            else
            {
                yield return new XElement("span", Inline(link, shown));
            }
        }

        yield return text[at..];
    }

    [GeneratedRegex(@"^### (?<code>VMX[0-9]{4})\s*$")]
    private static partial Regex Heading();

    [GeneratedRegex(@"\*\*(?<text>.+?)\*\*")]
    private static partial Regex Bold();

    [GeneratedRegex(@"^\|[-: |]+\|$")]
    private static partial Regex Rule();

    [GeneratedRegex(@"`(?<code>[^`]+)`|\*\*(?<bold>.+?)\*\*|\[(?<link>[^\]]+)\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Mark();
}
