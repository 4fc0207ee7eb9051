using Tomlyn.Syntax;

namespace VmExecutor.Core.Registration;

/// <summary>
/// Adds keys to a TOML document and fills those that are there, so that every other byte of it stays: comments, order, spaces and line ends.
/// A key is added in the way in which its table is written already: below its header, between its braces, or with dots.
/// </summary>
internal sealed class TomlEditor
{
    private const string Step = "  ";

    private readonly string _text;
    private readonly string _ending;
    private readonly List<Patch> _patches = [];

    /// <param name="text">A valid document.</param>
    public TomlEditor(string text)
    {
        _text = text;
        _ending = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        Root = TomlTree.Read(text);
    }

    public TomlNode Root { get; }

    /// <summary>The document with all changes.</summary>
    /// <returns>Its text, and each change with the number of its line there.</returns>
    public (string Text, IReadOnlyList<TomlChange> Changes) Apply()
    {
        var (text, position) = ("", 0);
        var changes = new List<TomlChange>();
        foreach (var patch in _patches.OrderBy(patch => patch.Offset))
        {
            text += _text[position..patch.Offset] + patch.Lead;
            position = patch.Offset + patch.Removed;
            var number = 1 + text.Count(character => character == '\n');
            text += patch.Text;
            changes.AddRange(patch.Shown is { } shown
                ? [new TomlChange(number, shown, IsLine: false)]
                : patch.Text.Split('\n')[..^1].Select((line, index) => new TomlChange(number + index, line.TrimEnd('\r'), IsLine: true)));
        }

        return (text + _text[position..], changes);
    }

    /// <summary>True when a key has that value already, in whatever way it is written.</summary>
    public bool Says(TomlNode value, RunnerKey key) => TomlProof.SameValue(_text[Start(value.Value!)..End(value.Value!)], key.Value);

    /// <summary>Gives a key that is there another value.</summary>
    public void Replace(TomlNode value, RunnerKey key)
    {
        // A list without elements may have comments in it.
        var patch = value is { IsEmptyValue: true, Value: ArraySyntax array }
            ? new Patch(Start(array) + 1, 0, "", key.Value[1..^1], $"{key}")
            : new Patch(Start(value.Value!), End(value.Value!) - Start(value.Value!), "", key.Value, $"{key}");
        _patches.Add(patch);
    }

    /// <summary>Adds keys to a table that is there.</summary>
    /// <param name="table">Written in any of TOML's ways.</param>
    /// <param name="keys">All for this table.</param>
    /// <param name="remark">A comment before them, where there is room for one; null: none.</param>
    public void Add(TomlNode table, IReadOnlyList<RunnerKey> keys, string? remark)
    {
        if (table.Header is { } header)
        {
            AddLines(EndOf(header), Lines(IndentOfKeys(header), keys, remark));
        }
        else if (table.Inline is { } inline)
        {
            AddBetween(inline.Items.LastOrDefault() is { } last ? (End(last.KeyValue!.Value!), last.Comma) : null, inline.OpenBrace!, string.Join(", ", keys));
        }
        else if (table.Dotted is { Within: true } within)
        {
            var added = string.Concat(keys.Select(key => $", {within.Prefix}.{key}"));
            _patches.Add(new Patch(End(within.Last.Value!), 0, "", added, added.TrimStart(',', ' ')));
        }
        else
        {
            var dotted = table.Dotted!;
            AddLines(End(dotted.Last.Value!), keys.Select(key => $"{IndentAt(dotted.Last.Key!.Key!.Span.Offset)}{dotted.Prefix}.{key}"));
        }
    }

    /// <summary>Adds a table that is not there yet.</summary>
    /// <param name="parent">Below which it comes.</param>
    /// <param name="name">The table's own.</param>
    /// <param name="keys">All for this table.</param>
    /// <param name="remark">As for <see cref="Add"/>.</param>
    public void AddTable(TomlNode parent, string name, IReadOnlyList<RunnerKey> keys, string? remark)
    {
        if (parent.Header is not { } header)
        {
            Add(parent, [new RunnerKey([], name, $"{{ {string.Join(", ", keys)} }}")], remark: null);
            return;
        }

        var (own, indent) = (IndentAt(Start(header)), IndentOfKeys(header));
        var step = indent.Length > own.Length && indent.StartsWith(own, StringComparison.Ordinal) ? indent[own.Length..] : Step;
        var above = _text[(header.OpenBracket!.Span.End.Offset + 1)..header.CloseBracket!.Span.Offset].Trim();
        AddLines(EndOf(header), [$"{indent}[{above}.{name}]", .. Lines(indent + step, keys, remark)]);
    }

    /// <summary>Adds an element to an array of tables; the array may not be there yet.</summary>
    /// <param name="name">Of the array, at the top of the document.</param>
    /// <param name="lines">The element with its tables, as lines.</param>
    /// <param name="braces">The same in braces, for an array that is written in brackets.</param>
    public void AddElement(string name, IEnumerable<string> lines, string braces)
    {
        if (Root.Find(name)?.Value is ArraySyntax array)
        {
            AddBetween(array.Items.LastOrDefault() is { } last ? (End(last.Value!), last.Comma) : null, array.OpenBracket!, braces);
        }
        else
        {
            var isApart = _text.Length == 0 || _text.TrimEnd(' ', '\t').EndsWith(_ending + _ending, StringComparison.Ordinal);
            AddLines(_text.Length, isApart ? lines : lines.Prepend(""));
        }
    }

    private static IEnumerable<string> Lines(string indent, IEnumerable<RunnerKey> keys, string? remark) =>
        keys.Select(key => $"{indent}{key}").Prepend($"{indent}# {remark}").Skip(remark is null ? 1 : 0);

    /// <summary>Between brackets or braces, behind what is there.</summary>
    private void AddBetween((int End, SyntaxToken? Comma)? last, SyntaxToken open, string text) => _patches.Add(last switch
    {
        { Comma: { } comma } => new Patch(comma.Span.Offset + 1, 0, "", $" {text}", text),
        { End: var end } => new Patch(end, 0, "", $", {text}", text),
        null => new Patch(open.Span.Offset + 1, 0, "", $" {text} ", text),
    });

    /// <summary>New lines behind the one that a place is in.</summary>
    private void AddLines(int behind, IEnumerable<string> lines)
    {
        var end = behind >= _text.Length ? -1 : _text.IndexOf('\n', behind);
        var offset = end < 0 ? _text.Length : end + 1;

        // The last line of the document may lack its end; the first of the new ones gives it one.
        var isOpen = end < 0 && _text.Length > 0 && !_text.EndsWith('\n') && !_patches.Any(patch => patch.Offset == offset && patch.Shown is null);
        _patches.Add(new Patch(offset, 0, isOpen ? _ending : "", string.Concat(lines.Select(line => line + _ending)), null));
    }

    /// <summary>The end of a table's own keys: at the last of them, or at its header.</summary>
    private static int EndOf(TableSyntaxBase header) => header.Items.LastOrDefault() is { } last ? End(last.Value!) : header.CloseBracket!.Span.Offset;

    private string IndentOfKeys(TableSyntaxBase header) =>
        header.Items.LastOrDefault() is { } last ? IndentAt(last.Key!.Key!.Span.Offset) : IndentAt(Start(header)) + Step;

    /// <summary>The spaces at the beginning of the line that a place is in.</summary>
    private string IndentAt(int offset)
    {
        var start = offset == 0 ? 0 : _text.LastIndexOf('\n', offset - 1) + 1;
        return _text[start..offset] is var before && string.IsNullOrWhiteSpace(before) ? before : "";
    }

    private static int Start(TableSyntaxBase header) => header.OpenBracket!.Span.Offset;

    private static int Start(ValueSyntax value) => value switch
    {
        ArraySyntax array => array.OpenBracket!.Span.Offset,
        InlineTableSyntax inline => inline.OpenBrace!.Span.Offset,
        _ => value.Span.Offset,
    };

    /// <summary>Behind its last character.</summary>
    private static int End(ValueSyntax value) => 1 + value switch
    {
        ArraySyntax array => array.CloseBracket!.Span.End.Offset,
        InlineTableSyntax inline => inline.CloseBrace!.Span.End.Offset,
        _ => value.Span.End.Offset,
    };

    /// <param name="Offset">Where, in the old text.</param>
    /// <param name="Removed">How many characters go.</param>
    /// <param name="Lead">What comes before the text and is not told.</param>
    /// <param name="Text">What comes; whole lines, unless <paramref name="Shown"/> says otherwise.</param>
    /// <param name="Shown">What people are told of it; null: its lines.</param>
    private sealed record Patch(int Offset, int Removed, string Lead, string Text, string? Shown);
}

/// <summary>A changed line of the document.</summary>
/// <param name="Number">In the new document, from 1.</param>
/// <param name="Line">A new line, or the key with its new value.</param>
/// <param name="IsLine">Whether the whole line is new.</param>
public sealed record TomlChange(int Number, string Line, bool IsLine);
