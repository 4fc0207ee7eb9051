using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.GitlabCi.Includes;

/// <summary>One entry of <c>include:</c>.</summary>
/// <param name="At">The place in the file.</param>
/// <param name="Local">A path within the repository; null: another kind.</param>
/// <param name="Description">For messages: <c>project: shared/ci-templates</c>.</param>
/// <param name="Rules">When it is included; null: always.</param>
/// <param name="Inputs">The values for the file's inputs.</param>
internal sealed record CiIncludeItem(Position At, string? Local, string Description, CiNode? Rules, CiMap? Inputs)
{
    private static readonly string[] Kinds = ["local", "remote", "project", "template", "component", "artifact"];
    private static readonly string[] Others = ["file", "ref", "job", "inputs", "rules", "cache", "integrity"];

    /// <summary>Null: it is no include, which was reported.</summary>
    public static CiIncludeItem? Read(CiNode node, CiFindings findings)
    {
        switch (node)
        {
            case CiScalar { IsText: true } text:
                return text.Text.Contains("://", StringComparison.Ordinal) ? new CiIncludeItem(text.At, null, $"remote: {text.Text}", null, null)
                    : new CiIncludeItem(text.At, text.Text, text.Text, null, null);
            case CiMap map:
                return Read(map, findings);
            default:
                findings.Wrong(node.At, "include", "config should be a hash or a string: a path of the repository, or a mapping such as 'local: /ci/jobs.yml'");
                return null;
        }
    }

    private static CiIncludeItem? Read(CiMap map, CiFindings findings)
    {
        foreach (var unknown in map.Entries.Where(entry => !Kinds.Contains(entry.Key) && !Others.Contains(entry.Key)))
        {
            findings.Wrong(unknown.KeyAt, "include", $"config contains unknown keys: {Quote.Plain(unknown.Key)}");
        }

        var kinds = map.Entries.Where(entry => Kinds.Contains(entry.Key)).ToList();
        if (kinds is not [var kind])
        {
            findings.Wrong(map.At, "include", $"{(kinds.Count == 0 ? "does not have a valid subkey" : "must use only one of these subkeys")}; valid subkeys are {Quote.AnyOf(Kinds)}");
            return null;
        }

        if (kind.Value is not CiScalar { IsText: true } value)
        {
            findings.Wrong(kind.Value.At, $"include.{kind.Key}", "should be a string");
            return null;
        }

        var inputs = map.Get("inputs");
        if (inputs is not (null or CiMap))
        {
            findings.Wrong(inputs.At, "include.inputs", "should be a hash of names and values");
        }

        var local = kind.Key == "local";
        return new CiIncludeItem(map.At, local ? value.Text : null, local ? value.Text : $"{kind.Key}: {value.Text}", map.Get("rules"), inputs as CiMap);
    }
}
