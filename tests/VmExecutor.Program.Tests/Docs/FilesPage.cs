using System.Text.RegularExpressions;

namespace VmExecutor.Program.Tests.Docs;

/// <summary>docs/files.md, read: the names in its tables' first columns, each with the directory that its section is about.</summary>
internal sealed partial class FilesPage
{
    private readonly List<(string Heading, string Name, string Path)> _rows = [];

    private FilesPage(IEnumerable<string> lines)
    {
        var (heading, directory) = ("", "");
        foreach (var line in lines)
        {
            if (Heading().Match(line) is { Success: true } title)
            {
                (heading, directory) = (title.Groups[1].Value, "");
            }
            else if (Directory().Match(line) is { Success: true } place)
            {
                directory = place.Groups[1].Value;
            }
            else if (FirstCell().Match(line) is { Success: true } cell)
            {
                _rows.AddRange(Code().Matches(cell.Groups[1].Value).Select(match => match.Groups[1].Value)
                    .Select(name => (heading, name, directory + name)));
            }
        }
    }

    /// <summary>The page of a checkout.</summary>
    public static FilesPage Read(string checkout) => new(File.ReadLines(Path.Combine(checkout, "docs/files.md")));

    /// <summary>The names in the tables below a heading, as they are written there.</summary>
    public IReadOnlyList<string> Names(string heading) => [.. _rows.Where(row => row.Heading == heading).Select(row => row.Name)];

    /// <summary>The row that explains a path, as a whole path with its placeholders; null: the page does not know such a file.</summary>
    /// <param name="path">A file or directory.</param>
    /// <param name="known">Placeholders whose value is known: <c>&lt;state_dir&gt;</c>.</param>
    public string? Find(string path, params IEnumerable<(string Placeholder, string Value)> known) =>
        _rows.Select(row => row.Path).FirstOrDefault(row => Pattern(row, [.. known]).IsMatch(path));

    private static Regex Pattern(string row, IReadOnlyList<(string Placeholder, string Value)> known)
    {
        var parts = Placeholder().Split(row.EndsWith("/…", StringComparison.Ordinal) ? row[..^2] : row.TrimEnd('/')).Select(part => part switch
        {
            _ when known.FirstOrDefault(one => one.Placeholder == part) is { Value: { } value } => Regex.Escape(value),
            _ when Counted().Match(part) is { Success: true } counted =>
                (counted.Groups["kind"].Value == "hex" ? "[0-9a-f]" : "[A-Za-z0-9]") + $"{{{counted.Groups["least"].Value}{(counted.Groups["most"] is { Success: true } most ? $",{most.Value}" : "")}}}",
            "<number>" or "<generation>" => "[0-9]+",
            ['<', ..] => "[^/.][^/]*",
            _ => Regex.Escape(part),
        });
        return new Regex($@"\A{string.Concat(parts)}{(row.EndsWith("/…", StringComparison.Ordinal) ? "(/.*)?" : "")}\z", RegexOptions.Singleline);
    }

    [GeneratedRegex("^#{2,3} +(.+)$")]
    private static partial Regex Heading();

    [GeneratedRegex("^In `([^`]+/)`")]
    private static partial Regex Directory();

    [GeneratedRegex(@"^\| ([^|]*`[^|]*) \|")]
    private static partial Regex FirstCell();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex("(<[^<>]+>)")]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"\A<(?<least>\d+)(?: to (?<most>\d+))? (?<kind>hex|letters)>\z")]
    private static partial Regex Counted();
}
