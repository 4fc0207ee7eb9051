using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace VmExecutor.Core.Registration;

/// <summary>config.toml as lines, so that what is not ours stays as it was written: order, comments, spaces.</summary>
public sealed class TomlLines
{
    private readonly List<(string Line, bool IsNew)> _lines;
    private readonly string _ending;

    /// <param name="text">A valid TOML document.</param>
    public TomlLines(string text)
    {
        _ending = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        _lines = [.. text.Split(_ending).Select(line => (line, false))];
        if (_lines[^1].Line.Length == 0)
        {
            _lines.RemoveAt(_lines.Count - 1);
        }
    }

    public string Text => string.Concat(_lines.Select(line => line.Line + _ending));

    public IReadOnlyList<(int Number, string Line)> Added => [.. _lines.Index().Where(line => line.Item.IsNew).Select(line => (line.Index + 1, line.Item.Line))];

    /// <summary>Where the tables of each <c>[[runners]]</c> are: their headers' lines from 0, the runner's own first.</summary>
    public IReadOnlyList<IReadOnlyList<(string Name, int Line)>> Runners()
    {
        var runners = new List<List<(string, int)>>();
        foreach (var table in SyntaxParser.ParseStrict(Text, sourceName: "", validate: true).Tables)
        {
            // A quoted or spaced name is another way to write the same.
            var name = (table.Name?.ToString() ?? "").Trim().Replace(" ", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal);
            var line = LineOf(table);
            if (name == "runners" && table is TableArraySyntax)
            {
                runners.Add([(name, line)]);
            }
            else if (runners.Count > 0 && name.StartsWith("runners.", StringComparison.Ordinal))
            {
                runners[^1].Add((name, line));
            }
        }

        return runners;
    }

    public int Count => _lines.Count;

    /// <summary>The lines of all tables' headers, from 0.</summary>
    public IEnumerable<int> Headers() => SyntaxParser.ParseStrict(Text, sourceName: "", validate: true).Tables.Select(LineOf);

    public bool IsBlankOrRemark(int line) => _lines[line].Line.TrimStart() is "" or ['#', ..];

    /// <summary>The spaces before what is in a line.</summary>
    public string Indent(int line) => _lines[line].Line[..^_lines[line].Line.TrimStart().Length];

    /// <summary>New lines behind one that is there; -1: before all.</summary>
    public void InsertAfter(int line, IEnumerable<string> added) => _lines.InsertRange(line + 1, added.Select(one => (one, true)));

    /// <summary>A table begins at its bracket; what is before it, a remark, may count to it.</summary>
    private static int LineOf(TableSyntaxBase table) => (table.OpenBracket ?? (SyntaxNode)table).Span.Start.Line;

    /// <summary>New lines at the end, with an empty one before them.</summary>
    public void Append(IEnumerable<string> added)
    {
        if (_lines.Count > 0 && _lines[^1].Line.Trim().Length > 0)
        {
            _lines.Add(("", true));
        }

        _lines.AddRange(added.Select(one => (one, true)));
    }
}
