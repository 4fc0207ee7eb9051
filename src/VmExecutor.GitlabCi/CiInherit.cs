namespace VmExecutor.GitlabCi;

/// <summary><c>inherit:</c>: which defaults and which variables of the file a job takes; without it, all.</summary>
internal sealed class CiInherit
{
    private readonly Func<string, bool> _default;
    private readonly Func<string, bool> _variables;

    public CiInherit(CiNode? node, string path, CiFindings findings)
    {
        var map = node as CiMap;
        if (node is not (null or CiMap))
        {
            findings.Wrong(node.At, path, "takes a mapping of 'default' and 'variables'");
        }

        foreach (var entry in map?.Entries.Where(entry => entry.Key is not ("default" or "variables")) ?? [])
        {
            findings.Wrong(entry.KeyAt, $"{path}.{entry.Key}", "is unknown; known here: default, variables");
        }

        _default = Which(map?.Get("default"), $"{path}.default", findings);
        _variables = Which(map?.Get("variables"), $"{path}.variables", findings);
    }

    public bool Default(string keyword) => _default(keyword);

    public bool Variable(string name) => _variables(name);

    private static Func<string, bool> Which(CiNode? node, string path, CiFindings findings)
    {
        switch (node)
        {
            case null:
                return _ => true;
            case CiScalar { Truth: { } all }:
                return _ => all;
            case CiList list when list.Items.All(item => item is CiScalar { IsText: true }):
                var names = list.Items.Cast<CiScalar>().Select(item => item.Text).ToHashSet(StringComparer.Ordinal);
                return names.Contains;
            default:
                findings.Wrong(node.At, path, "takes true, false or a list of names");
                return _ => true;
        }
    }
}
