namespace VmExecutor.GitlabCi;

/// <summary>Mappings on top of each other.</summary>
internal sealed class CiMerge(CiBudget budget)
{
    /// <summary>As <c>extends</c> and <c>include</c> do: mappings are merged into each other, all else is replaced.</summary>
    public CiMap Deep(CiMap under, CiMap over) => Merge(under, over, (below, above) =>
        below is CiMap one && above is CiMap other ? Deep(one, other) : above);

    /// <summary>As the merge key <c>&lt;&lt;</c> does: the later key wins as a whole.</summary>
    public CiMap Shallow(CiMap under, CiMap over) => Merge(under, over, (_, above) => above);

    private CiMap Merge(CiMap under, CiMap over, Func<CiNode, CiNode, CiNode> choose)
    {
        budget.Spend(under.Entries.Count + over.Entries.Count);
        var entries = new List<CiEntry>(under.Entries);
        var places = new Dictionary<(bool, string), int>();
        for (var i = 0; i < entries.Count; i++)
        {
            places[entries[i].Identity] = i;
        }

        foreach (var entry in over.Entries)
        {
            if (places.TryGetValue(entry.Identity, out var place))
            {
                entries[place] = entry with { Value = choose(entries[place].Value, entry.Value) };
            }
            else
            {
                places[entry.Identity] = entries.Count;
                entries.Add(entry);
            }
        }

        return new CiMap(over.At, entries);
    }
}
