using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.GitlabCi.Includes;

/// <summary>
/// Variables in the paths of includes. GitLab knows those of the project and the pipeline, but not yet those of the file; here the file's
/// <c>variables:</c> stand in for variables of the project with the same names.
/// </summary>
internal sealed class CiIncludeVariables(IReadOnlyDictionary<string, string> pipeline, CiMap file, CiFindings findings)
{
    public string Expand(string path, Position at)
    {
        var known = new Dictionary<string, string>(pipeline, StringComparer.Ordinal);
        foreach (var name in CiExpansion.Names(path).Distinct(StringComparer.Ordinal))
        {
            if (known.ContainsKey(name))
            {
                continue;
            }

            if (OfFile(name) is { } value)
            {
                known[name] = value;
                findings.Warn(at, CiIncludes.Keyword, $"${name} has its value from 'variables:' of the file; GitLab reads includes before it, and takes the value from variables of the project or pipeline only");
            }
            else
            {
                findings.Warn(at, CiIncludes.Keyword, $"${name} is not set here and becomes empty; set variables of the project by --variable {name}=VALUE");
            }
        }

        return CiExpansion.ExpandAll(path, known);
    }

    private string? OfFile(string name) => (file.Get("variables") as CiMap)?.Get(name) switch
    {
        CiScalar scalar => scalar.Text,
        CiMap map when map.Get("value") is CiScalar scalar => scalar.Text,
        _ => null,
    };
}
