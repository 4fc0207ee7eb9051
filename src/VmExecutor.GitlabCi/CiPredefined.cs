using System.Globalization;
using System.Text;

namespace VmExecutor.GitlabCi;

/// <summary>
/// The variables that GitLab and the runner set for a job, as far as they mean something without a GitLab
/// (https://docs.gitlab.com/ci/variables/predefined_variables/). CI_SERVER is <c>no</c>, so that a script can tell.
/// </summary>
public static class CiPredefined
{
    private const int LongestSlug = 63;
    private const int ShortSha = 8;

    /// <summary>Those that are known before the VM is.</summary>
    public static IReadOnlyList<CiVariable> Of(CiJob job, CiFacts facts)
    {
        var id = facts.JobId.ToString(CultureInfo.InvariantCulture);
        return
        [
            .. OfPipeline(facts),
            .. Raw(
            [
                ("CI_JOB_ID", id),
                ("CI_JOB_NAME", job.Name),
                ("CI_JOB_NAME_SLUG", Slug(job.Name)),
                ("CI_JOB_GROUP_NAME", job.Group),
                ("CI_JOB_STAGE", job.Stage),
                ("CI_JOB_IMAGE", facts.Image),
                ("CI_JOB_TIMEOUT", ((long)facts.Timeout.TotalSeconds).ToString(CultureInfo.InvariantCulture)),
                ("CI_NODE_INDEX", job.NodeIndex?.ToString(CultureInfo.InvariantCulture)),
                ("CI_NODE_TOTAL", job.NodeTotal.ToString(CultureInfo.InvariantCulture)),
                ("CI_PIPELINE_ID", id),
            ]),
        ];
    }

    /// <summary>Those that are known before a job is chosen.</summary>
    public static IReadOnlyList<CiVariable> OfPipeline(CiFacts facts)
    {
        var slash = facts.ProjectPath.LastIndexOf('/');
        var space = slash < 0 ? "" : facts.ProjectPath[..slash];
        return Raw(
        [
            ("CI", "true"),
            ("GITLAB_CI", "true"),
            ("CI_SERVER", "no"),
            ("CI_DISPOSABLE_ENVIRONMENT", "true"),
            ("CI_CONFIG_PATH", facts.ConfigPath),
            ("CI_CONCURRENT_ID", "0"),
            ("CI_CONCURRENT_PROJECT_ID", "0"),
            ("CI_PIPELINE_IID", "1"),
            ("CI_PIPELINE_SOURCE", "push"),
            ("CI_PROJECT_NAME", facts.ProjectPath[(slash + 1)..]),
            ("CI_PROJECT_TITLE", facts.ProjectPath[(slash + 1)..]),
            ("CI_PROJECT_PATH", facts.ProjectPath),
            ("CI_PROJECT_PATH_SLUG", Slug(facts.ProjectPath)),
            ("CI_PROJECT_NAMESPACE", space),
            ("CI_PROJECT_ROOT_NAMESPACE", space.Split('/')[0]),
            .. facts.Commit is { } commit ? Of(commit) : [],
        ]);
    }

    private static IReadOnlyList<CiVariable> Raw(IEnumerable<(string Name, string? Value)> variables) =>
        [.. variables.Where(variable => variable.Value is not null).Select(variable => new CiVariable(variable.Name, variable.Value!, Raw: true))];

    /// <summary>Those that the runner knows once it knows where it builds.</summary>
    public static IReadOnlyList<CiVariable> OfPlaces(string buildsDirectory, string projectDirectory) =>
        [new("CI_BUILDS_DIR", buildsDirectory, Raw: true), new("CI_PROJECT_DIR", projectDirectory, Raw: true)];

    /// <summary>Lower case, 63 characters at most, all but letters and digits a dash, and none at the ends.</summary>
    public static string Slug(string text)
    {
        var slug = new StringBuilder();
        foreach (var c in text.ToLowerInvariant().Take(LongestSlug))
        {
            slug.Append(char.IsAsciiLetterOrDigit(c) ? c : '-');
        }

        return slug.ToString().Trim('-');
    }

    private static IEnumerable<(string Name, string? Value)> Of(CiCommit commit)
    {
        var lines = commit.Message.TrimEnd().Split('\n', 2);
        return
        [
            ("CI_COMMIT_SHA", commit.Sha),
            ("CI_COMMIT_SHORT_SHA", commit.Sha[..Math.Min(ShortSha, commit.Sha.Length)]),
            ("CI_COMMIT_BEFORE_SHA", new string('0', commit.Sha.Length)),
            ("CI_COMMIT_REF_NAME", commit.RefName),
            ("CI_COMMIT_REF_SLUG", Slug(commit.RefName)),
            ("CI_COMMIT_BRANCH", commit.Branch),
            ("CI_COMMIT_TAG", commit.Branch is null ? commit.Tag : null),
            ("CI_DEFAULT_BRANCH", commit.DefaultBranch),
            ("CI_COMMIT_AUTHOR", commit.Author),
            ("CI_COMMIT_TIMESTAMP", commit.Timestamp),
            ("CI_COMMIT_MESSAGE", commit.Message.TrimEnd()),
            ("CI_COMMIT_TITLE", lines[0]),
            ("CI_COMMIT_DESCRIPTION", lines.Length == 1 ? "" : lines[1].TrimStart('\n')),
        ];
    }
}
