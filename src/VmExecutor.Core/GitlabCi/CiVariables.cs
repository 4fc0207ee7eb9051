using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.Core.GitlabCi;

/// <summary>The <c>variables:</c> of the file and of a job.</summary>
internal sealed partial class CiVariables(ErrorList errors)
{
    /// <summary>The file's, as far as the job inherits them, then the job's own; of two with one name the job's counts.</summary>
    public IReadOnlyList<CiVariable> Join(CiEntry? globals, CiInherit inherit, CiEntry? own, string job)
    {
        var joined = new Dictionary<string, CiVariable>(StringComparer.Ordinal);
        foreach (var variable in Read(globals, "").Where(variable => inherit.Variable(variable.Name)).Concat(Read(own, $"{job}.")))
        {
            joined[variable.Name] = variable;
        }

        return [.. joined.Values];
    }

    /// <summary>Whether a shell can have a variable of this name.</summary>
    public static bool IsName(string name) => Name().IsMatch(name);

    private IEnumerable<CiVariable> Read(CiEntry? entry, string prefix)
    {
        if (entry?.Value is null or CiScalar { IsNull: true })
        {
            yield break;
        }

        if (entry.Value is not CiMap map)
        {
            errors.Add(entry.Value.At, prefix + entry.Key, "takes a mapping of names and values");
            yield break;
        }

        foreach (var variable in map.Entries)
        {
            if (ReadOne(variable, $"{prefix}{entry.Key}.{variable.Key}") is { } read)
            {
                yield return read;
            }
        }
    }

    private CiVariable? ReadOne(CiEntry entry, string path)
    {
        if (!IsName(entry.Key))
        {
            errors.Add(entry.KeyAt, path, "is no name that a shell can have; use letters, digits and '_'");
            return null;
        }

        switch (entry.Value)
        {
            case CiMap map when map.Entries.All(one => one.Key is "value" or "description" or "options" or "expand"):
                var raw = map.Get("expand") is CiScalar { Truth: false };
                return map.Find("value") is not { } value ? new CiVariable(entry.Key, "", raw)
                    : Value(value.Value, path) is { } text ? new CiVariable(entry.Key, text, raw) : null;
            case CiMap map:
                errors.Add(map.At, path, "takes a text, or a mapping of value, description, options and expand");
                return null;
            default:
                return Value(entry.Value, path) is { } plain ? new CiVariable(entry.Key, plain) : null;
        }
    }

    private string? Value(CiNode node, string path)
    {
        switch (node)
        {
            case CiScalar { IsNull: true }:
                return "";
            case CiScalar { Truth: not null } truth:
                errors.Add(truth.At, path, $"{Quote.Text(truth.Text)} is no text to YAML, and GitLab refuses it; write it in quotes");
                return null;
            case CiScalar scalar:
                return scalar.Text;
            default:
                errors.Add(node.At, path, "takes a text");
                return null;
        }
    }

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
