using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.GitlabCi;

/// <summary>
/// Puts in the values that <c>!reference [job, keyword, …]</c> means, after <c>extends</c>, as GitLab does
/// (https://docs.gitlab.com/ci/yaml/yaml_optimization/). Lists within lists stay: <c>script</c> flattens them.
/// </summary>
internal sealed class CiReferences(CiMap root, CiExtends extends, CiFindings findings, CiBudget budget)
{
    private const int Deepest = 10;

    /// <summary>The node without references; what cannot be resolved is null in it, and reported.</summary>
    public CiNode Resolve(CiNode node) => Resolve(node, []);

    /// <summary>
    /// The mapping without references. A keyword that this command does not evaluate may refer to an include that was not read: its value is then
    /// unknown, and no error.
    /// </summary>
    public CiMap ResolveKeywords(CiMap map) => map with { Entries = [.. map.Entries.Select(entry => entry with { Value = ResolveKeyword(entry) })] };

    /// <summary>The same for the top of a file, whose <c>default:</c> holds keywords of jobs.</summary>
    public CiMap ResolveGlobals(CiMap map) => map with
    {
        Entries = [.. map.Entries.Select(entry => entry with { Value = entry is { Key: "default", Value: CiMap defaults } ? ResolveKeywords(defaults) : ResolveKeyword(entry) })],
    };

    private CiNode ResolveKeyword(CiEntry entry)
    {
        if (!CiKeywords.IsPassedOver(entry.Key))
        {
            return Resolve(entry.Value);
        }

        var apart = findings.Apart();
        var value = new CiReferences(root, new CiExtends(root, apart, budget), apart, budget).Resolve(entry.Value);
        if (apart.MissedUnread)
        {
            return new CiUnknown(entry.Value.At);
        }

        findings.Take(apart);
        return value;
    }

    private CiNode Resolve(CiNode node, IReadOnlyList<CiReference> chain)
    {
        budget.Spend(1);
        return node switch
        {
            CiReference reference => Follow(reference, chain),
            CiList list => list with { Items = [.. list.Items.Select(item => Resolve(item, chain))] },
            CiMap map => map with { Entries = [.. map.Entries.Select(entry => entry with { Value = Resolve(entry.Value, chain) })] },
            _ => node,
        };
    }

    private CiNode Follow(CiReference reference, IReadOnlyList<CiReference> chain)
    {
        var words = reference.ToString();
        if (chain.Any(earlier => earlier.Path.SequenceEqual(reference.Path)))
        {
            return Wrong(chain[0], $"goes round in a circle: {string.Join(" > ", chain.Append(reference))}");
        }

        if (chain.Count == Deepest)
        {
            return Wrong(chain[0], $"is nested deeper than the {Deepest} levels that GitLab follows");
        }

        IReadOnlyList<CiReference> further = [.. chain, reference];
        var found = Top(reference.Path[0]);
        foreach (var key in reference.Path.Skip(1))
        {
            found = (found is CiReference inner ? Follow(inner, further) : found) is CiMap map ? map.Find(key)?.Value : null;
        }

        return found is null or CiScalar { IsNull: true } or CiScalar { Truth: false } ? NotFound(reference, words) : Resolve(found, further);
    }

    private CiNode? Top(string name) => root.Find(name)?.Value is CiMap ? extends.Resolve(name) : root.Find(name)?.Value;

    private CiScalar NotFound(CiReference reference, string words)
    {
        var meant = root.Find(reference.Path[0]) is null ? Suggestion.For(reference.Path[0], root.Entries.Select(entry => entry.Key)) : null;
        findings.Missing(reference.At, "", $"{words} is not in this file", meant);
        return CiScalar.Null(reference.At);
    }

    private CiScalar Wrong(CiReference at, string problem)
    {
        findings.Wrong(at.At, "", problem);
        return CiScalar.Null(at.At);
    }
}
