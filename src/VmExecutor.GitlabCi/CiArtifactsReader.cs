using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.GitlabCi;

/// <summary>Reads <c>artifacts:</c>.</summary>
internal sealed class CiArtifactsReader(CiValues values, Action<Position, string, string> warn)
{
    private const string Keyword = "artifacts";

    // How they are called, who sees them and how long GitLab keeps them does not matter on the host.
    private static readonly string[] Known = ["paths", "exclude", "untracked", "when", "reports", "name", "expire_in", "expose_as", "public", "access"];

    /// <summary>Null: none.</summary>
    public CiArtifacts? Read(CiEntry? entry)
    {
        if (entry?.Value is null or CiScalar { IsNull: true })
        {
            return null;
        }

        if (entry.Value is not CiMap map)
        {
            values.Wrong(entry, "config should be a hash, such as 'artifacts: {paths: [build/]}'");
            return null;
        }

        foreach (var unknown in map.Entries.Where(one => !Known.Contains(one.Key)))
        {
            values.Wrong(unknown, $"config contains unknown keys: {Quote.Plain(unknown.Key)}; known here: {string.Join(", ", Known)}", Keyword);
        }

        if (map.Find("reports") is { Value: not CiScalar { IsNull: true } } reports)
        {
            warn(reports.KeyAt, "artifacts.reports", "reports are not read here, and their files are kept only if 'paths' names them");
        }

        if (map.Get("access") is not null && map.Find("public") is { } alsoPublic)
        {
            values.Wrong(alsoPublic, "config these keys cannot be used together: access, public", Keyword);
        }

        var read = new CiArtifacts
        {
            Paths = values.Texts(map.Find("paths"), Keyword),
            Exclude = values.Texts(map.Find("exclude"), Keyword),
            Untracked = values.Truth(map.Find("untracked"), Keyword),
            When = When(map.Find("when")),
        };
        return read.Paths.Count == 0 && !read.Untracked ? null : read;
    }

    private CiArtifactsWhen When(CiEntry? entry)
    {
        switch (values.Text(entry))
        {
            case null or "on_success":
                return CiArtifactsWhen.OnSuccess;
            case "on_failure":
                return CiArtifactsWhen.OnFailure;
            case "always":
                return CiArtifactsWhen.Always;
            default:
                values.Wrong(entry!, "should be one of: on_success, on_failure, always", Keyword);
                return CiArtifactsWhen.OnSuccess;
        }
    }
}
