using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.Core.GitlabCi;

/// <summary>
/// Puts in what <c>!reference [job, keyword, …]</c> means, after <c>extends</c>, as GitLab does (https://docs.gitlab.com/ci/yaml/yaml_optimization/).
/// Lists within lists stay: <c>script</c> flattens them.
/// </summary>
internal sealed class CiReferences(CiMap root, CiExtends extends, ErrorList errors, CiBudget budget)
{
    private const int Deepest = 10;

    /// <summary>The node without references; what cannot be resolved is null in it, and reported.</summary>
    public CiNode Resolve(CiNode node) => Resolve(node, []);

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

        return found is null ? Wrong(reference, $"{words} is not in this file{Meant(reference)}") : Resolve(found, further);
    }

    private CiNode? Top(string name) => root.Find(name)?.Value is CiMap ? extends.Resolve(name) : root.Find(name)?.Value;

    private string Meant(CiReference reference) =>
        root.Find(reference.Path[0]) is null && Suggestion.For(reference.Path[0], root.Entries.Select(entry => entry.Key)) is { } meant
            ? $"; did you mean '{Quote.Plain(meant)}'?"
            : "; it may be in a file of 'include:' that was not read";

    private CiScalar Wrong(CiReference at, string problem)
    {
        errors.Add(at.At, "", problem);
        return new CiScalar(at.At, "", IsPlain: true);
    }
}
