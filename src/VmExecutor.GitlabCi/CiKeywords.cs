namespace VmExecutor.GitlabCi;

/// <summary>GitLab's keywords (https://docs.gitlab.com/ci/yaml/), and the words about those that are not honoured here.</summary>
internal static class CiKeywords
{
    /// <summary>At the top of a file these are no jobs.</summary>
    public static readonly IReadOnlySet<string> OfFile = new HashSet<string>(StringComparer.Ordinal)
    {
        "default", "include", "stages", "variables", "workflow", "spec", "image", "services", "before_script", "after_script", "cache",
    };

    /// <summary>GitLab lets these be the names of jobs, if they look like one.</summary>
    public static readonly IReadOnlySet<string> JobNamesToo = new HashSet<string>(StringComparer.Ordinal) { "default", "workflow" };

    /// <summary>The keywords that <c>default:</c> may hold; a job has each of them as long as it does not say it itself.</summary>
    public static readonly IReadOnlyList<string> OfDefault =
    [
        "after_script", "artifacts", "before_script", "cache", "hooks", "id_tokens", "identity", "image", "interruptible", "retry", "services", "tags", "timeout",
    ];

    /// <summary>The keywords that count as <c>default:</c> when they stand at the top (deprecated, and much used).</summary>
    public static readonly IReadOnlyList<string> DefaultsAtTop = ["image", "services", "before_script", "after_script", "cache"];

    /// <summary>Each of these makes a mapping at the top a job.</summary>
    public static readonly IReadOnlyList<string> MakeJob = ["script", "trigger", "run"];

    /// <summary>Keywords of a job that mean something here, or make no difference to a single job at a desk.</summary>
    private static readonly string[] Harmless =
    [
        "after_script", "allow_failure", "artifacts", "before_script", "extends", "image", "inherit", "inputs", "interruptible", "manual_confirmation", "parallel", "resource_group",
        "script", "services", "stage", "start_in", "timeout", "variables", "when",
    ];

    /// <summary>The keywords that are not honoured, and the consequence for the job.</summary>
    public static readonly IReadOnlyDictionary<string, string> NotHonoured = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["cache"] = "no cache is restored or kept",
        ["coverage"] = "no coverage is read from the output",
        ["dast_configuration"] = "is not looked at",
        ["dependencies"] = "no artifacts of other jobs are fetched",
        ["environment"] = "nothing is deployed; CI_ENVIRONMENT_* are not set",
        ["except"] = "is not evaluated: the job runs in any case",
        ["hooks"] = "no hook is run",
        ["id_tokens"] = "no tokens are made, so the variables are not set",
        ["identity"] = "is not looked at",
        ["needs"] = "no artifacts of other jobs are fetched",
        ["only"] = "is not evaluated: the job runs in any case",
        ["pages"] = "nothing is published",
        ["publish"] = "nothing is published",
        ["release"] = "no release is made",
        ["retry"] = "the job runs once",
        ["rules"] = "are not evaluated: the job runs in any case, and variables of a rule are set by --variable NAME=VALUE",
        ["secrets"] = "are not fetched; set them by --variable NAME=VALUE",
        ["tags"] = "choose a runner; the job runs on this host",
    };

    /// <summary>A job with one of these has no script of its own.</summary>
    public static readonly IReadOnlyDictionary<string, string> Impossible = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["trigger"] = "starts another pipeline, which only GitLab can do",
        ["run"] = "runs steps, which need GitLab's step runner; only 'script' can be run here",
    };

    /// <summary>All keywords of a job.</summary>
    public static readonly IReadOnlyList<string> OfJob = [.. Harmless, .. NotHonoured.Keys, .. Impossible.Keys];

    private static readonly IReadOnlySet<string> PassedOver = new HashSet<string>(
        NotHonoured.Keys.Concat(["workflow", "interruptible", "manual_confirmation", "resource_group", "start_in", "when", "stages"]), StringComparer.Ordinal);

    /// <summary>A keyword whose value changes nothing in what is run here.</summary>
    public static bool IsPassedOver(string keyword) => PassedOver.Contains(keyword);
}
