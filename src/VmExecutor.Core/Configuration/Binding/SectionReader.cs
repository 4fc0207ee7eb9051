using VmExecutor.Core.Configuration.Options;
using VmExecutor.Core.Values;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>Reads a mapping by its table of keys; what is not in the table is an error.</summary>
internal sealed class SectionReader(AbsolutePath file, ErrorList errors)
{
    /// <summary>The prefix is what stands before the keys in their path: nothing, or <c>ssh.</c>.</summary>
    public void Read(YamlMappingNode mapping, Section section, BoundValues values, string prefix = "")
    {
        foreach (var (keyNode, valueNode) in mapping.Children)
        {
            var name = ((YamlScalarNode)keyNode).Value ?? "";
            var keyAt = Position.Of(file, keyNode.Start);
            if (section.Find(name) is { } key)
            {
                values.Add(prefix + name, Value(key, valueNode, keyAt, values, prefix + name));
            }
            else
            {
                errors.Add(keyAt, prefix + name, UnknownKey.Explain(section, name));
            }
        }
    }

    private BoundValue Value(Key key, YamlNode node, Position keyAt, BoundValues values, string path)
    {
        if (IsNull(node))
        {
            errors.Add(keyAt, path, $"has no value; {WriteExample(key)}{(key.Required ? "" : ", or remove this line")}");
            return new BoundValue(null, "", keyAt, keyAt);
        }

        var at = Position.Of(file, node.Start);
        var reading = (key.Kind, node) switch
        {
            (Section inner, YamlMappingNode mapping) => Inner(inner, mapping, values, path),
            (Section, _) => Reading.Wrong($"is {NodeName(node)}, but has keys of its own; {WriteExample(key)}"),
            (ScalarKind kind, YamlScalarNode scalar) => kind.Read(Text(scalar)),
            (OneOrMoreKind kind, YamlScalarNode scalar) => AsList(kind.Item.Read(Text(scalar))),
            (OneOrMoreKind kind, YamlSequenceNode list) => List(list, item => Item(kind, item), path),
            (ListOfKind kind, YamlSequenceNode list) => List(list, item => Item(kind, item, path), path),
            (ListOfKind, _) => Reading.Wrong($"is {NodeName(node)}, but takes a list; {WriteExample(key)}"),
            _ => Reading.Wrong($"is {NodeName(node)}, but takes a single value; {WriteExample(key)}"),
        };
        if (reading.Problem is { } problem)
        {
            errors.Add(at, path, problem);
        }

        return new BoundValue(reading.Value, (node as YamlScalarNode)?.Value ?? "", keyAt, at);
    }

    private Reading Inner(Section inner, YamlMappingNode mapping, BoundValues values, string path)
    {
        Read(mapping, inner, values, path + ".");
        return Reading.Of(inner);
    }

    private Reading List(YamlSequenceNode list, Func<YamlNode, Reading> read, string path)
    {
        if (list.Children.Count == 0)
        {
            return Reading.Wrong("is an empty list; write at least one item, or remove it");
        }

        var items = new List<object>();
        foreach (var node in list.Children)
        {
            var reading = read(node);
            if (reading.Problem is { } problem)
            {
                errors.Add(Position.Of(file, node.Start), path, problem);
            }
            else
            {
                items.Add(reading.Value!);
            }
        }

        return Reading.Of(items);
    }

    private Reading Item(OneOrMoreKind kind, YamlNode node) => node is YamlScalarNode scalar && !IsNull(node)
        ? kind.Item.Read(Text(scalar))
        : Reading.Wrong($"has an item that is {NodeName(node)}; each item is a {kind.Item.Type}");

    private Reading Item(ListOfKind kind, YamlNode node, string path)
    {
        var keys = Quote.AnyOf([.. kind.Item.Keys.Select(key => $"'{key.Name}'")]);
        if (node is not YamlMappingNode mapping)
        {
            return Reading.Wrong($"has an item that is {NodeName(node)}; each item is a mapping with {keys}, for example {{{kind.Item.Keys[0].Name}: {kind.Item.Keys[0].Example}}}");
        }

        if (mapping.Children.Count == 0)
        {
            return Reading.Wrong($"has an item without keys; write {keys}, or remove it");
        }

        var values = new BoundValues(Position.Of(file, node.Start));
        Read(mapping, kind.Item, values, path + ".");
        return Reading.Of(values.Under(path));
    }

    private static Reading AsList(Reading reading) =>
        reading.Value is { } value ? Reading.Of(new List<object> { value }) : reading;

    // A block ends with a line break that is not meant.
    private ScalarText Text(YamlScalarNode node) => new(
        node.Style is ScalarStyle.Folded or ScalarStyle.Literal ? (node.Value ?? "").TrimEnd('\n') : node.Value ?? "",
        Quoted: node.Style != ScalarStyle.Plain,
        file.Parent());

    private static bool IsNull(YamlNode node) =>
        node is YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" or "Null" or "NULL" };

    private static string WriteExample(Key key) => key.Kind is Section inner
        ? $"write its keys indented below it, for example '{key.Name}:', then '  {inner.Keys[0].Name}: {inner.Keys[0].Example}'"
        : $"write for example '{key.Name}: {key.Example}'";

    private static string NodeName(YamlNode node) => node switch
    {
        YamlMappingNode => "a mapping",
        YamlSequenceNode => "a list",
        _ when IsNull(node) => "empty",
        _ => "a single value",
    };
}
