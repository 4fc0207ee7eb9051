using VmExecutor.Core.Configuration;
using VmExecutor.Core.Configuration.Binding;
using VmExecutor.GitlabCi.Inputs;

namespace VmExecutor.GitlabCi.Includes;

/// <summary>
/// The file with the files of the repository that it includes, merged as GitLab does it: included files in their order, the including
/// one over them (https://docs.gitlab.com/ci/yaml/includes/). Files that only GitLab could fetch are left out with a warning.
/// </summary>
internal sealed class CiIncludes(CiRepository repository, CiFindings findings, CiBudget budget)
{
    public const string Keyword = "include";

    // GitLab's default.
    private const int Most = 150;

    private readonly CiMerge _merge = new(budget);
    private int _read;

    /// <summary>Null: an error keeps it from being looked into.</summary>
    public CiMap? Read(ConfigurationText source)
    {
        var inputs = new CiMap(
            Position.StartOf(source.File),
            [.. repository.Inputs.Select(input => new CiEntry(CiScalar.OfText(Position.StartOf(source.File), input.Key), CiGivenInput.Read(input.Value, source.File, budget)))]);
        return Documents(findings).Read(source, inputs, givenAt: null) is { } own ? WithIncludes(own, [], findings) : null;
    }

    private CiDocuments Documents(CiFindings found) => new(new CiInterpolationFunctions(repository.Variables), found, budget);

    private CiMap WithIncludes(CiMap own, IReadOnlyList<string> within, CiFindings found)
    {
        var wanted = own.Get(Keyword);
        var merged = new CiMap(own.At, []);
        var variables = new CiIncludeVariables(repository.Variables, own, found);
        foreach (var node in wanted is CiList list ? list.Items : wanted is null ? [] : [wanted])
        {
            if (CiIncludeItem.Read(node, found) is { } item && new CiIncludeRules(repository, repository.Variables, found).Allow(item.Rules))
            {
                merged = Included(item, variables, within, found).Aggregate(merged, _merge.Deep);
            }
        }

        return _merge.Deep(merged, own) with { At = own.At };
    }

    private IEnumerable<CiMap> Included(CiIncludeItem item, CiIncludeVariables variables, IReadOnlyList<string> within, CiFindings found)
    {
        if (item.Local is null)
        {
            found.NotRead(item.Description);
            found.Warn(item.At, Keyword, $"{Quote.Text(item.Description)} is not read here, since only GitLab can fetch it; jobs and values from it are missing");
            yield break;
        }

        var path = variables.Expand(item.Local, item.At).TrimStart('/');
        if (!CiWildcard.IsWildcard(path))
        {
            if (One(path, item, within, found) is { } map)
            {
                yield return map;
            }

            yield break;
        }

        var matches = CiWildcard.Matches(path, repository.Paths()).Where(IsYaml).ToList();
        if (matches.Count == 0)
        {
            found.Warn(item.At, Keyword, $"no file of the repository matches {Quote.Text(path)}");
        }

        foreach (var match in matches)
        {
            if (OneOfMany(match, item, within, found) is { } map)
            {
                yield return map;
            }
        }
    }

    /// <summary>A file that only a wildcard names: its errors keep the file from being used, and jobs that need nothing of it can be run.</summary>
    private CiMap? OneOfMany(string path, CiIncludeItem item, IReadOnlyList<string> within, CiFindings found)
    {
        var apart = found.Apart();
        var map = One(path, item, within, apart);
        if (apart.Errors.Found is [var first, ..])
        {
            if (found.NotRead(path))
            {
                found.Warn(item.At, Keyword, $"{Quote.Text(path)} is not used, and GitLab would refuse the whole configuration: {first}");
            }

            return null;
        }

        foreach (var warning in apart.Warnings)
        {
            found.Warn(new Position(warning.File, warning.Line, warning.Column), warning.Key, warning.Message);
        }

        foreach (var unread in apart.Unread)
        {
            found.NotRead(unread);
        }

        return map;
    }

    private CiMap? One(string path, CiIncludeItem item, IReadOnlyList<string> within, CiFindings found)
    {
        if (!IsYaml(path))
        {
            found.Wrong(item.At, Keyword, $"Included file {Quote.Text(path)} does not have YAML extension! Its name must end with .yml or .yaml");
            return null;
        }

        if (within.Contains(path) || ++_read > Most)
        {
            found.Wrong(item.At, Keyword, within.Contains(path)
                ? $"goes round in a circle: {string.Join(" > ", within.Append(path).Select(Quote.Plain))}"
                : $"Maximum of {Most} nested includes are allowed!");
            return null;
        }

        if (repository.Read(path) is not { } text)
        {
            found.Wrong(item.At, Keyword, $"there is no file {Quote.Text(path)} in the repository; the path is seen from its top directory");
            return null;
        }

        if (string.IsNullOrWhiteSpace(text.Text))
        {
            found.Wrong(item.At, Keyword, $"Local file {Quote.Text(path)} is empty!");
            return null;
        }

        return Documents(found).Read(text, item.Inputs, item.At) is { } own ? WithIncludes(own, [.. within, path], found) : null;
    }

    private static bool IsYaml(string path) => path.EndsWith(".yml", StringComparison.Ordinal) || path.EndsWith(".yaml", StringComparison.Ordinal);
}
