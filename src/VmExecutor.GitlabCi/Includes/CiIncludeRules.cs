using VmExecutor.Core.Configuration.Binding;
using VmExecutor.GitlabCi.Artifacts;

namespace VmExecutor.GitlabCi.Includes;

/// <summary>The <c>rules:</c> of an include: the first one that holds decides, and without one the file is not included.</summary>
internal sealed class CiIncludeRules(CiRepository repository, IReadOnlyDictionary<string, string> variables, CiFindings findings)
{
    private const string Key = "include.rules";

    /// <summary>Tells if the file is to be included.</summary>
    public bool Allow(CiNode? rules)
    {
        switch (rules)
        {
            case null:
                return true;
            case CiList list:
                foreach (var rule in list.Items)
                {
                    if (Holds(rule) is { } included)
                    {
                        return included;
                    }
                }

                return false;
            default:
                findings.Wrong(rules.At, Key, "should be an array of hashes");
                return false;
        }
    }

    /// <summary>Null: the rule says nothing of this pipeline.</summary>
    private bool? Holds(CiNode node)
    {
        if (node is not CiMap rule)
        {
            findings.Wrong(node.At, Key, node is CiReference ? "a '!reference' in the rules of an include is not followed" : "should be an array of hashes");
            return null;
        }

        foreach (var unknown in rule.Entries.Where(entry => entry.Key is not ("if" or "exists" or "changes" or "when")))
        {
            findings.Wrong(unknown.KeyAt, Key, $"config contains unknown keys: {Quote.Plain(unknown.Key)}");
        }

        if (rule.Get("changes") is { } changes)
        {
            findings.Warn(changes.At, Key, "'changes' is not compared with anything: it counts as true");
        }

        return IsTrue(rule.Get("if")) && Exists(rule.Get("exists")) ? rule.Get("when") is not CiScalar { Text: "never" } : null;
    }

    private bool IsTrue(CiNode? condition)
    {
        if (condition is null)
        {
            return true;
        }

        if (condition is CiScalar { IsText: true } text && CiCondition.Evaluate(text.Text, variables) is { } result)
        {
            return result;
        }

        findings.Wrong(condition.At, $"{Key}.if", "Invalid expression syntax");
        return false;
    }

    private bool Exists(CiNode? node)
    {
        var paths = node is CiMap map ? map.Get("paths") : node;
        if (node is CiMap elsewhere && elsewhere.Get("project") is { } project)
        {
            findings.Warn(project.At, $"{Key}.exists", "files of another project are not looked at: it counts as false");
            return false;
        }

        switch (paths)
        {
            case null:
                return true;
            case CiList list when list.Items.All(item => item is CiScalar { IsText: true }):
                var files = repository.Paths();
                return list.Items.Cast<CiScalar>()
                    .Select(item => ArtifactGlob.TryParse(CiExpansion.ExpandAll(item.Text, variables).TrimStart('/'), "/"))
                    .Any(glob => glob is not null && files.Any(glob.Matches));
            default:
                findings.Wrong(paths.At, $"{Key}.exists", "should be an array of strings");
                return false;
        }
    }
}
