using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.GitlabCi;

/// <summary>
/// Resolves a job with all that it extends (https://docs.gitlab.com/ci/yaml/#extends): mappings are merged, lists and values replaced, of
/// several bases the last wins, and the job itself over all.
/// </summary>
internal sealed class CiExtends(CiMap root, CiFindings findings, CiBudget budget)
{
    public const string Keyword = "extends";

    // lib/gitlab/ci/config/extendable/entry.rb: more than ten ancestors are too many for a job that extends further, so eleven levels in
    // all.
    private const int MostAncestors = 10;

    private readonly CiMerge _merge = new(budget);
    private readonly Dictionary<string, CiMap?> _resolved = new(StringComparer.Ordinal);

    /// <summary>Null: there is no such mapping at the top, or it cannot be resolved, which has been reported.</summary>
    public CiMap? Resolve(string name) => Resolve(name, []);

    private CiMap? Resolve(string name, IReadOnlyList<string> ancestors)
    {
        if (_resolved.TryGetValue(name, out var known) && ancestors.Count == 0)
        {
            return known;
        }

        if (root.Find(name)?.Value is not CiMap own)
        {
            return null;
        }

        return _resolved[name] = own.Find(Keyword) is { } extends and not { Value: CiScalar { IsNull: true } } ? Extended(name, own, extends, ancestors) : own;
    }

    private CiMap? Extended(string name, CiMap own, CiEntry extends, IReadOnlyList<string> ancestors)
    {
        var path = $"{name}.{Keyword}";
        if (ancestors.Count > MostAncestors)
        {
            findings.Wrong(extends.KeyAt, path, $"is nested too deep: GitLab follows {MostAncestors + 1} levels ({string.Join(" > ", ancestors.Select(Quote.Plain))})");
            return null;
        }

        if (Bases(extends, path) is not { } bases)
        {
            return null;
        }

        CiMap? merged = null;
        foreach (var (at, based) in bases)
        {
            if (based == name || ancestors.Contains(based))
            {
                findings.Wrong(at, path, $"goes round in a circle: {string.Join(" > ", ancestors.SkipWhile(one => one != based).Append(name).Append(based).Select(Quote.Plain))}");
                return null;
            }

            if (root.Find(based)?.Value is not CiMap)
            {
                findings.Missing(at, path, $"{Quote.Text(based)} is not in this file", Suggestion.For(based, root.Entries.Where(entry => entry.Value is CiMap).Select(entry => entry.Key)));
                return null;
            }

            if (Resolve(based, [.. ancestors, name]) is not { } map)
            {
                return null;
            }

            merged = merged is null ? map : _merge.Deep(merged, map);
        }

        return merged is null ? own : _merge.Deep(merged, own) with { At = own.At };
    }

    private List<(Position At, string Name)>? Bases(CiEntry extends, string path)
    {
        switch (extends.Value)
        {
            case CiScalar { IsText: true } one:
                return [(one.At, one.Text)];
            case CiList list when list.Items.All(item => item is CiScalar { IsText: true }):
                return [.. list.Items.Cast<CiScalar>().Select(item => (item.At, item.Text))];
            default:
                findings.Wrong(extends.Value.At, path, "takes the name of a job or a list of names ('should be an array of strings or a string')");
                return null;
        }
    }
}
