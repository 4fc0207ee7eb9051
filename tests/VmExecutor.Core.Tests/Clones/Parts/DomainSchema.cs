using System.Xml.Linq;

namespace VmExecutor.Core.Tests.Clones.Parts;

/// <summary>
/// All names that a RELAX NG schema of libvirt allows in a domain: references, includes and choices are followed, and an element that contains itself
/// is gone through once.
/// </summary>
internal sealed class DomainSchema
{
    private static readonly XNamespace Rng = "http://relaxng.org/ns/structure/1.0";

    private readonly Dictionary<string, List<XElement>> _definitions = new(StringComparer.Ordinal);
    private readonly HashSet<string> _files = new(StringComparer.Ordinal);
    private readonly HashSet<(string Path, string? Attribute)> _found = [];
    private readonly string _directory;

    private DomainSchema(string directory) => _directory = directory;

    /// <summary>Elements as <c>devices/disk</c>, each attribute with its element; the domain itself is the empty path.</summary>
    public static IReadOnlyCollection<(string Path, string? Attribute)> NamesIn(string directory)
    {
        var schema = new DomainSchema(directory);
        schema.Load("domain.rng");
        foreach (var definition in schema._definitions["domain"])
        {
            schema.WalkAll(definition.Elements(), null, string.Empty, [], []);
        }

        return schema._found;
    }

    private void Load(string file)
    {
        if (!_files.Add(file))
        {
            return;
        }

        var grammar = XElement.Load(Path.Combine(_directory, file));
        foreach (var include in grammar.Descendants(Rng + "include"))
        {
            Load((string)include.Attribute("href")!);
        }

        foreach (var definition in grammar.Descendants(Rng + "define"))
        {
            var name = (string)definition.Attribute("name")!;
            if (!_definitions.TryGetValue(name, out var parts))
            {
                _definitions.Add(name, parts = []);
            }

            parts.Add(definition);
        }
    }

    private void WalkAll(IEnumerable<XElement> patterns, List<string>? path, string space, HashSet<string> references, List<XElement> open)
    {
        foreach (var pattern in patterns)
        {
            Walk(pattern, path, (string?)pattern.Attribute("ns") ?? space, references, open);
        }
    }

    private void Walk(XElement pattern, List<string>? path, string space, HashSet<string> references, List<XElement> open)
    {
        switch (pattern.Name.LocalName)
        {
            case "ref":
                var reference = (string)pattern.Attribute("name")!;
                if (references.Contains(reference))
                {
                    return;
                }

                foreach (var definition in _definitions[reference])
                {
                    WalkAll(definition.Elements(), path, (string?)definition.Parent!.Attribute("ns") ?? space, [.. references, reference], open);
                }

                break;
            case "element":
                if (open.Contains(pattern))
                {
                    return;
                }

                foreach (var name in NamesOf(pattern, space))
                {
                    // The first element is the domain itself, which is no part of it.
                    List<string> below = path is null ? [] : [.. path, name];
                    if (path is not null)
                    {
                        _found.Add((string.Join('/', below), null));
                    }

                    WalkAll(pattern.Elements(), below, space, [], [.. open, pattern]);
                }

                break;
            case "attribute":
                foreach (var name in NamesOf(pattern, string.Empty))
                {
                    _found.Add((string.Join('/', path!), name));
                }

                break;
            case "notAllowed":
                break;
            default:
                WalkAll(pattern.Elements(), path, space, references, open);
                break;
        }
    }

    private static IEnumerable<string> NamesOf(XElement pattern, string space)
    {
        var prefix = space.Length == 0 ? string.Empty : $"{space["http://libvirt.org/schemas/domain/".Length..].Split('/')[0]}:";
        return (string?)pattern.Attribute("name") is { } name ? [prefix + name]
            : pattern.Elements(Rng + "anyName").Any() || pattern.Elements(Rng + "nsName").Any() ? ["any"]
            : pattern.Element(Rng + "name") is { } only ? [only.Value]
            : pattern.Elements(Rng + "choice").First().Elements(Rng + "name").Select(one => one.Value);
    }
}
