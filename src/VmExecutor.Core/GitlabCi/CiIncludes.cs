using VmExecutor.Core.Configuration;
using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.Core.GitlabCi;

/// <summary>
/// The file with the files of the repository that it includes, merged as GitLab does it: included files in their order, the including
/// one over them (https://docs.gitlab.com/ci/yaml/includes/). What only GitLab could fetch is left out with a warning.
/// </summary>
internal sealed class CiIncludes(Func<string, ConfigurationText?> include, ErrorList errors, CiBudget budget)
{
    public const string Keyword = "include";

    // GitLab's default.
    private const int Most = 150;

    private readonly List<ConfigurationWarning> _warnings = [];
    private readonly CiMerge _merge = new(budget);
    private int _read;

    public IReadOnlyList<ConfigurationWarning> Warnings => _warnings;

    /// <summary>Null: an error keeps it from being looked into.</summary>
    public CiMap? Read(ConfigurationText source) => Read(source, []);

    private CiMap? Read(ConfigurationText source, IReadOnlyList<string> within)
    {
        if (Root(source) is not { } own)
        {
            return null;
        }

        var wanted = own.Get(Keyword);
        var merged = new CiMap(own.At, []);
        foreach (var item in wanted is CiList list ? list.Items : wanted is null ? [] : [wanted])
        {
            if (Included(item, within) is { } map)
            {
                merged = _merge.Deep(merged, map);
            }
        }

        return _merge.Deep(merged, own) with { At = own.At };
    }

    private CiMap? Included(CiNode item, IReadOnlyList<string> within)
    {
        var (path, kind) = item switch
        {
            CiScalar scalar when scalar.Text.Contains("://", StringComparison.Ordinal) => (null, $"remote: {scalar.Text}"),
            CiScalar scalar => (scalar.Text, ""),
            CiMap map when map.Get("local") is CiScalar local => (local.Text, ""),
            CiMap { Entries.Count: > 0 } map => (null, $"{map.Entries[0].Key}: {(map.Entries[0].Value as CiScalar)?.Text}"),
            _ => (null, "an entry that is no path"),
        };
        if (path is null || path.Contains('*', StringComparison.Ordinal))
        {
            Warn(item.At, $"{Quote.Text(path ?? kind)} is not read here, only single files of the repository are; jobs and values from it are missing");
            return null;
        }

        if (item is CiMap conditional && (conditional.Get("rules") ?? conditional.Get("inputs")) is { } ignored)
        {
            Warn(ignored.At, $"'rules' and 'inputs' of an include are not looked at: {Quote.Text(path)} is read as it is");
        }

        var name = path.TrimStart('/');
        if (within.Contains(name) || ++_read > Most)
        {
            errors.Add(item.At, Keyword, within.Contains(name)
                ? $"goes round in a circle: {string.Join(" > ", within.Append(name).Select(Quote.Plain))}"
                : $"includes more than the {Most} files that GitLab reads");
            return null;
        }

        if (include(name) is { } text)
        {
            return Read(text, [.. within, name]);
        }

        errors.Add(item.At, Keyword, $"there is no file {Quote.Text(path)} in the repository; the path is seen from its top directory");
        return null;
    }

    private CiMap? Root(ConfigurationText source)
    {
        CiYaml? yaml = null;
        var documents = YamlReader.Use(
            source,
            errors,
            "GitLab reads no file of this size",
            parser => (yaml = new CiYaml(parser, source.File, errors, budget)).Documents(),
            () => yaml!.Reached);
        if (documents is null)
        {
            return null;
        }

        var node = documents.Count == 0 ? null : documents[^1];
        if (documents.Count == 2 && documents[0] is CiMap header && header.Find("spec") is { } spec)
        {
            Warn(spec.KeyAt, "the header's 'spec' is not looked at: no inputs are put in for '$[[ … ]]'");
        }
        else if (documents.Count > 1)
        {
            errors.Add(documents[1].At, "", "a second YAML document begins here; GitLab allows one, and a header with 'spec:' before it");
            return null;
        }

        if (node is CiMap map)
        {
            return map;
        }

        errors.Add(node?.At ?? Position.StartOf(source.File), "", "the file holds no jobs; write lines such as 'test:' with an indented 'script:' below");
        return null;
    }

    private void Warn(Position at, string message) => _warnings.Add(new ConfigurationWarning(at.File, at.Line, at.Column, Keyword, message));
}
