using Tomlyn.Syntax;

namespace VmExecutor.Core.Registration;

/// <summary>A table, an array or a value of a TOML document, with the places where it is written.</summary>
internal sealed class TomlNode
{
    private readonly List<(string Name, TomlNode Node)> _children = [];

    /// <summary>Of an array: <c>[[name]]</c> or <c>[...]</c>.</summary>
    public List<TomlNode> Elements { get; } = [];

    /// <summary>Behind its equals sign; null: it has none, or is an element of an array.</summary>
    public ValueSyntax? Value { get; set; }

    /// <summary><c>[name]</c> or <c>[[name]]</c>, with the keys below it.</summary>
    public TableSyntaxBase? Header { get; set; }

    /// <summary><c>name = { ... }</c>.</summary>
    public InlineTableSyntax? Inline { get; set; }

    /// <summary><c>name.key = ...</c>: the last of them.</summary>
    public DottedKeys? Dotted { get; set; }

    /// <summary>
    /// True when it is a table that keys can be added to; a table that only has other tables below it is not written itself.
    /// </summary>
    public bool IsWritten => Header is not null || Inline is not null || Dotted is not null;

    public bool IsEmptyValue => Value is StringValueSyntax { Value: "" } or ArraySyntax { Items.ChildrenCount: 0 };

    /// <summary>As the runner looks: a key that differs in case only is the same (BurntSushi/toml).</summary>
    public TomlNode? Find(string name) =>
        _children.FirstOrDefault(child => child.Name == name).Node ?? _children.FirstOrDefault(child => child.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Node;

    /// <summary>The child of that name; it is made if there is none.</summary>
    public TomlNode Child(string name)
    {
        if (_children.FirstOrDefault(child => child.Name == name).Node is { } known)
        {
            return known;
        }

        var made = new TomlNode();
        _children.Add((name, made));
        return made;
    }
}

/// <summary>Keys of a table that are written in its parent, with dots.</summary>
/// <param name="Prefix">What stands before the last dot, as it is written.</param>
/// <param name="Last">The last such key.</param>
/// <param name="Within">Whether the parent is a table in braces.</param>
internal sealed record DottedKeys(string Prefix, KeyValueSyntax Last, bool Within);
