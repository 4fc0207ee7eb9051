using VmExecutor.Core.Configuration.Binding;
using VmExecutor.Core.Values;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace VmExecutor.GitlabCi;

/// <summary>
/// From YAML's events to nodes, with anchors, aliases, merge keys and <c>!reference</c> as GitLab's parser (Ruby's Psych) reads them: of
/// a key that is there twice the last counts, and a merge key overrides the keys before it, too
/// (https://gitlab.com/gitlab-org/gitlab/-/issues/25698).
/// </summary>
internal sealed class CiYaml(IParser parser, AbsolutePath file, CiFindings findings, CiBudget budget)
{
    private const string MergeKey = "<<";
    private const string CoreTags = "tag:yaml.org,2002:";
    private const string ReferenceTag = "!reference";

    /// <summary>GitLab's max_yaml_depth. What an alias stands for counts where it stands, as in the tree that GitLab measures.</summary>
    internal const int Deepest = 100;

    /// <summary>Empty ones count here, and nowhere else.</summary>
    private const int MostDocuments = 100;

    private readonly Dictionary<string, (CiNode Node, int Height)> _anchors = new(StringComparer.Ordinal);
    private readonly CiMerge _merge = new(budget);

    // The deepest level since the node began that is looked at.
    private int _reached;

    /// <summary>The end of the last node that was seen.</summary>
    public Mark Reached { get; private set; } = Mark.Empty;

    /// <summary>The documents; GitLab allows a header with <c>spec:</c> before the configuration.</summary>
    /// <exception cref="YamlException">The text is not YAML.</exception>
    public IReadOnlyList<CiNode> Documents()
    {
        var documents = new List<CiNode>();
        parser.Consume<StreamStart>();
        while (parser.TryConsume<DocumentStart>(out var start))
        {
            if (documents.Count == MostDocuments)
            {
                throw new YamlException(start.Start, start.End, $"has more than {MostDocuments} documents; GitLab reads two");
            }

            _anchors.Clear();
            var document = Node(depth: 1);

            // GitLab splits a file at its lines with '---'; what follows a '...' without one is not read.
            if (documents.Count == 0 || !start.IsImplicit)
            {
                documents.Add(document);
            }

            parser.Consume<DocumentEnd>();
        }

        return documents;
    }

    private CiNode Node(int depth)
    {
        Reached = parser.Current?.End ?? Reached;
        budget.Spend(1);
        if (parser.TryConsume<AnchorAlias>(out var alias))
        {
            if (_anchors.TryGetValue(alias.Value.Value, out var meant))
            {
                EnsureShallow(depth + meant.Height, alias.Start);
                return meant.Node;
            }

            return Wrong(alias.Start, $"{Quote.Text("*" + alias.Value)} is an alias of nothing above it; write '&{alias.Value}' before the value that is meant");
        }

        var start = parser.Current!.Start;
        var above = _reached;
        _reached = 0;
        EnsureShallow(depth, start);
        var begin = parser.Consume<NodeEvent>();
        CiNode node = begin switch
        {
            Scalar scalar => new CiTagged(scalar, Place(start), findings).Read(),
            SequenceStart => Sequence(start, depth),
            _ => Mapping(start, depth),
        };
        if (node is not CiScalar && !begin.Tag.IsEmpty)
        {
            node = Tagged(begin, node);
        }

        if (!begin.Anchor.IsEmpty)
        {
            _anchors[begin.Anchor.Value] = (node, _reached - depth);
        }

        _reached = Math.Max(_reached, above);
        return node;
    }

    private void EnsureShallow(int depth, Mark at)
    {
        if (depth > Deepest)
        {
            throw new YamlException(at, at, $"nested deeper than the {Deepest} levels that GitLab reads");
        }

        _reached = Math.Max(_reached, depth);
    }

    private CiList Sequence(Mark start, int depth)
    {
        var items = new List<CiNode>();
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(Node(depth + 1));
        }

        return new CiList(Place(start), items);
    }

    private CiMap Mapping(Mark start, int depth)
    {
        var map = new CiMap(Place(start), []);
        var own = new List<CiEntry>();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var at = parser.Current!.Start;
            var key = Node(depth + 1);
            var value = Node(depth + 1);
            if (key is not CiScalar name)
            {
                Wrong(at, "has a key that is not plain text; write a single word before the ':'");
            }
            else if (name is { Text: MergeKey, Kind: CiKind.Text })
            {
                map = Merged(_merge.Shallow(map, new CiMap(map.At, own)), value);
                own.Clear();
            }
            else
            {
                own.Add(new CiEntry(name, value));
            }
        }

        return own.Count == 0 ? map : _merge.Shallow(map, new CiMap(map.At, own)) with { At = Place(start) };
    }

    private CiMap Merged(CiMap map, CiNode value)
    {
        switch (value)
        {
            case CiMap one:
                return _merge.Shallow(map, one) with { At = map.At };
            case CiList list when list.Items.All(item => item is CiMap):
                // Of several, the first one wins.
                var all = list.Items.Cast<CiMap>().Reverse().Aggregate(new CiMap(map.At, []), _merge.Shallow);
                return _merge.Shallow(map, all) with { At = map.At };
            default:
                findings.Wrong(value.At, MergeKey, "merges mappings only; write '<<: *anchor' or '<<: [*one, *other]' with anchors of mappings");
                return map;
        }
    }

    private CiNode Tagged(NodeEvent begin, CiNode node)
    {
        var tag = begin.Tag.IsNonSpecific ? "" : begin.Tag.Value;
        if (tag == ReferenceTag)
        {
            // Nothing is deeper, so nothing longer can be meant.
            return node is CiList { Items.Count: > 0 and <= Deepest } path && path.Items.All(item => item is CiScalar { Kind: CiKind.Text })
                ? new CiReference(node.At, [.. path.Items.Cast<CiScalar>().Select(item => item.Text)])
                : Wrong(begin.Start, "'!reference' takes a list of words, such as '!reference [.setup, script]'");
        }

        if (tag is CoreTags + "set" || CiTagged.IsRuby(tag))
        {
            return Wrong(begin.Start, CiTagged.Refusal(tag));
        }

        if (!tag.StartsWith(CoreTags, StringComparison.Ordinal))
        {
            CiTagged.Ignore(tag, Place(begin.Start), findings);
        }

        return node;
    }

    private CiScalar Wrong(Mark at, string problem)
    {
        findings.Wrong(Place(at), "", problem);
        return CiScalar.Null(Place(at));
    }

    private Position Place(Mark mark) => Position.Of(file, mark);
}
