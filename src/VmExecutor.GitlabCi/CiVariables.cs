using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.GitlabCi;

/// <summary>The <c>variables:</c> of the file and of a job (GitLab's lib/gitlab/ci/config/entry/variable.rb).</summary>
internal sealed partial class CiVariables(CiFindings findings)
{
    private static readonly string[] KeysOfFile = ["value", "description", "options", "expand"];
    private static readonly string[] KeysOfJob = ["value", "expand"];

    /// <summary>The file's, as far as the job inherits them, then the job's own and those of its matrix; of two with one name the later counts.</summary>
    public IReadOnlyList<CiVariable> Join(CiEntry? globals, CiInherit inherit, CiEntry? own, CiVariant variant)
    {
        var joined = new Dictionary<string, CiVariable>(StringComparer.Ordinal);
        foreach (var variable in Read(globals, "", KeysOfFile).Where(variable => inherit.Variable(variable.Name)).Concat(Read(own, $"{variant.Group}.", KeysOfJob)).Concat(variant.Variables))
        {
            joined[variable.Name] = variable;
        }

        foreach (var cycle in CiExpansion.Cycles(joined.Values))
        {
            var at = Place(own, cycle) ?? Place(globals, cycle) ?? own?.KeyAt ?? globals!.KeyAt;
            findings.Wrong(at, $"{variant.Group}.variables", $"circular variable reference detected: {string.Join(" > ", cycle.Append(cycle[0]).Select(Quote.Plain))}");
        }

        return [.. joined.Values];
    }

    /// <summary>Tells if a shell can have a variable of this name.</summary>
    public static bool IsName(string name) => Name().IsMatch(name);

    private static Position? Place(CiEntry? variables, IReadOnlyList<string> names) =>
        (variables?.Value as CiMap)?.Entries.FirstOrDefault(entry => names.Contains(entry.Key))?.KeyAt;

    private IEnumerable<CiVariable> Read(CiEntry? entry, string prefix, string[] keys)
    {
        if (entry?.Value is null or CiScalar { IsNull: true })
        {
            yield break;
        }

        if (entry.Value is not CiMap map)
        {
            findings.Wrong(entry.Value.At, prefix + entry.Key, "config should be a hash: it takes a mapping of names and values");
            yield break;
        }

        foreach (var variable in map.Entries)
        {
            if (ReadOne(variable, $"{prefix}{entry.Key}.{variable.Key}", keys) is { } read)
            {
                yield return read;
            }
        }
    }

    private CiVariable? ReadOne(CiEntry entry, string path, string[] keys)
    {
        if (!entry.HasTextKey && entry.KeyNode.Kind != CiKind.Integer)
        {
            findings.Wrong(entry.KeyAt, path, $"key must be an alphanumeric string: {entry.KeyNode.Described}; write it in quotes");
            return null;
        }

        if (!IsName(entry.Key))
        {
            findings.Wrong(entry.KeyAt, path, "is no name that a shell can have, and the job would fail at once; use letters, digits and '_'");
            return null;
        }

        return entry.Value is CiMap map ? OfMap(entry.Key, map, path, keys)
            : Value(entry.Value, path) is { } plain ? new CiVariable(entry.Key, plain)
            : null;
    }

    private CiVariable? OfMap(string name, CiMap map, string path, string[] keys)
    {
        foreach (var unknown in map.Entries.Where(one => !keys.Contains(one.Key)))
        {
            findings.Wrong(unknown.KeyAt, path, $"config uses invalid data keys: {Quote.Plain(unknown.Key)}; it takes {Quote.AnyOf(keys)}");
        }

        var expand = map.Get("expand");
        if (expand is not (null or CiScalar { Kind: CiKind.Boolean }))
        {
            findings.Wrong(expand.At, path, $"config expand should be a boolean value{(expand is CiScalar scalar ? $": {scalar.Described}" : "")}");
        }

        if (map.Get("description") is { } description and not CiScalar { IsAlphanumeric: true })
        {
            findings.Wrong(description.At, path, "config description must be an alphanumeric string");
        }

        var value = map.Find("value") is { } written ? Value(written.Value, path) : "";
        CheckOptions(map, value, path);
        return value is null ? null : new CiVariable(name, value, expand is CiScalar { Truth: false });
    }

    private void CheckOptions(CiMap map, string? value, string path)
    {
        switch (map.Get("options"))
        {
            case null:
                break;
            case CiList list when list.Items.All(item => item is CiScalar { IsText: true }):
                if (value is not null && list.Items.Count > 0 && !list.Items.Cast<CiScalar>().Any(option => option.Text == value))
                {
                    findings.Wrong(map.Find("value")?.Value.At ?? map.At, path, "config value must be present in options");
                }

                break;
            case var options:
                findings.Wrong(options.At, path, "config options should be an array of strings");
                break;
        }
    }

    private string? Value(CiNode node, string path)
    {
        switch (node)
        {
            case CiScalar { IsNull: true }:
                return "";
            case CiScalar { IsAlphanumeric: true } scalar:
                return scalar.Text;
            case CiScalar scalar:
                findings.Wrong(scalar.At, path, $"config must be an alphanumeric string: {scalar.Described}; write it in quotes");
                return null;
            default:
                findings.Wrong(node.At, path, "variable definition must be either a string or a hash");
                return null;
        }
    }

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
