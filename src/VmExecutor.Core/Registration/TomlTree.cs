using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace VmExecutor.Core.Registration;

/// <summary>Finds the place of each table and key of a TOML document, in whatever way they are written.</summary>
internal static class TomlTree
{
    /// <param name="text">A valid document.</param>
    public static TomlNode Read(string text)
    {
        var root = new TomlNode();
        var document = SyntaxParser.ParseStrict(text, sourceName: "", validate: true);
        foreach (var pair in document.KeyValues)
        {
            Add(root, pair, text, within: false);
        }

        foreach (var table in document.Tables)
        {
            var node = Open(root, table);
            node.Header = table;
            foreach (var pair in table.Items)
            {
                Add(node, pair, text, within: false);
            }
        }

        return root;
    }

    /// <summary>A header goes through the last element of each array on its way.</summary>
    private static TomlNode Open(TomlNode root, TableSyntaxBase table)
    {
        var names = Names(table.Name!);
        var node = root;
        foreach (var (index, name) in names.Index())
        {
            node = node.Child(name);
            if (index == names.Count - 1 && table is TableArraySyntax)
            {
                node.Elements.Add(new TomlNode());
            }

            node = node.Elements.Count > 0 ? node.Elements[^1] : node;
        }

        return node;
    }

    private static void Add(TomlNode table, KeyValueSyntax pair, string text, bool within)
    {
        var names = Names(pair.Key!);
        var node = table;
        foreach (var (index, name) in names.Index())
        {
            node = node.Child(name);
            if (index < names.Count - 1)
            {
                // What stands before the dot of the next name.
                var end = pair.Key!.DotKeys.GetChild(index)!.Dot!.Span.Offset;
                node.Dotted = new DottedKeys(text[pair.Key.Key!.Span.Offset..end].TrimEnd(), pair, within);
            }
        }

        AddValue(node, pair.Value!, text);
    }

    private static void AddValue(TomlNode node, ValueSyntax value, string text)
    {
        node.Value = value;
        if (value is InlineTableSyntax inline)
        {
            node.Inline = inline;
            foreach (var item in inline.Items)
            {
                Add(node, item.KeyValue!, text, within: true);
            }
        }
        else if (value is ArraySyntax array)
        {
            foreach (var item in array.Items)
            {
                var element = new TomlNode();
                node.Elements.Add(element);
                AddValue(element, item.Value!, text);
            }
        }
    }

    private static List<string> Names(KeySyntax key) => [Name(key.Key!), .. key.DotKeys.Select(dotted => Name(dotted.Key!))];

    private static string Name(BareKeyOrStringValueSyntax name) => name switch
    {
        BareKeySyntax bare => bare.Key!.Text!,
        StringValueSyntax quoted => quoted.Value!,
        _ => throw new InvalidOperationException($"a key of TOML is no {name.GetType().Name}"),
    };
}
