using VmExecutor.Core.Values;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>
/// Looks at the parser's events before YamlDotNet builds nodes from them. Building is recursive, so deep nesting would overflow the
/// stack. It throws at the first duplicate key, and it resolves aliases, by which a short text can grow without bounds.
/// </summary>
internal sealed class YamlGuard(IParser parser, AbsolutePath file, ErrorList errors)
{
    private const int MaxDepth = 32;

    private readonly List<ParsingEvent> _kept = [];
    private bool _usable = true;
    private bool _tooDeep;

    /// <summary>The end of the last node that was seen.</summary>
    public Mark Reached { get; private set; } = Mark.Empty;

    /// <summary>True when the nodes can be built; duplicate and odd keys are left out of them, after an error.</summary>
    /// <exception cref="YamlException">The text is not YAML.</exception>
    public bool TryPass()
    {
        Keep(parser.Consume<StreamStart>());
        if (parser.TryConsume<DocumentStart>(out var document))
        {
            Keep(document);
            Node("", depth: 1, keep: true);
            if (_tooDeep)
            {
                return false;
            }

            Keep(parser.Consume<DocumentEnd>());
        }

        if (parser.TryConsume<DocumentStart>(out var second))
        {
            Report(second, "", "a second YAML document begins here; keep one and remove the line '---'");
            return false;
        }

        Keep(parser.Consume<StreamEnd>());
        return _usable;
    }

    /// <summary>The events that were let through.</summary>
    public IParser Replay() => new Recording(_kept);

    private void Node(string path, int depth, bool keep)
    {
        if (parser.TryConsume<AnchorAlias>(out var alias))
        {
            Report(alias, path, $"{Quote.Text("*" + alias.Value)} is an alias, which is not used here; write the value itself, in quotes if it begins with '*'");
            _usable = false;
            return;
        }

        Reached = parser.Current?.End ?? Reached;
        var node = parser.Consume<NodeEvent>();
        if (depth > MaxDepth)
        {
            // Not skipped but given up: the scanner's time grows with the square of the depth of '['.
            Report(node, path, $"is nested deeper than {MaxDepth} levels; no key needs that");
            _tooDeep = true;
            return;
        }

        if (!node.Anchor.IsEmpty)
        {
            Report(node, path, $"{Quote.Text("&" + node.Anchor.Value)} is an anchor, which is not used here; remove it");
        }

        if (!node.Tag.IsEmpty)
        {
            Report(node, path, $"{Quote.Text(node.Tag.Value)} is a type tag, which is not used here; remove it");
        }

        switch (node)
        {
            case MappingStart:
                KeepIf(keep, new MappingStart(AnchorName.Empty, TagName.Empty, true, MappingStyle.Any, node.Start, node.End));
                Mapping(path, depth, keep);
                break;
            case SequenceStart:
                KeepIf(keep, new SequenceStart(AnchorName.Empty, TagName.Empty, true, SequenceStyle.Any, node.Start, node.End));
                Sequence(path, depth, keep);
                break;
            case Scalar scalar:
                KeepIf(keep, new Scalar(AnchorName.Empty, TagName.Empty, scalar.Value, scalar.Style, true, true, node.Start, node.End));
                break;
        }
    }

    private void Mapping(string path, int depth, bool keep)
    {
        var seen = new Dictionary<string, Mark>(StringComparer.Ordinal);
        MappingEnd end;
        while (!parser.TryConsume(out end!) && !_tooDeep)
        {
            var (keyPath, accepted) = Key(path, seen);
            Node(keyPath, depth + 1, keep && accepted);
            if (!_tooDeep)
            {
                Node(keyPath, depth + 1, keep && accepted);
            }
        }

        KeepIf(keep && !_tooDeep, end);
    }

    /// <summary>Looks at the key that the parser is about to give: its path, and whether it goes on with its value.</summary>
    private (string Path, bool Accepted) Key(string path, Dictionary<string, Mark> seen)
    {
        if (parser.Current is not Scalar key)
        {
            if (parser.Current is not AnchorAlias)
            {
                Report(parser.Current!, path, "has a key that is not plain text; write a single word before the ':'");
            }

            return (path, false);
        }

        var keyPath = path.Length == 0 ? key.Value : $"{path}.{key.Value}";
        if (seen.TryAdd(key.Value, key.Start))
        {
            return (keyPath, true);
        }

        Report(key, keyPath, $"is here a second time (first in line {seen[key.Value].Line}); keep one of the two");
        return (keyPath, false);
    }

    private void Sequence(string path, int depth, bool keep)
    {
        SequenceEnd end;
        while (!parser.TryConsume(out end!) && !_tooDeep)
        {
            Node(path, depth + 1, keep);
        }

        KeepIf(keep && !_tooDeep, end);
    }

    private void Keep(ParsingEvent parsed) => _kept.Add(parsed);

    private void KeepIf(bool keep, ParsingEvent parsed)
    {
        if (keep)
        {
            Keep(parsed);
        }
    }

    private void Report(ParsingEvent at, string path, string problem) =>
        errors.Add(Position.Of(file, at.Start), path, problem);

    private sealed class Recording(IReadOnlyList<ParsingEvent> events) : IParser
    {
        private int _index = -1;

        public ParsingEvent? Current => _index >= 0 && _index < events.Count ? events[_index] : null;

        public bool MoveNext() => ++_index < events.Count;
    }
}
