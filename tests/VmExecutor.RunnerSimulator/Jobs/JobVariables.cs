using System.Globalization;
using System.Text.RegularExpressions;
using VmExecutor.RunnerSimulator.Scripts;

namespace VmExecutor.RunnerSimulator.Jobs;

/// <summary>All variables of a job in the runner's order (common/build.go, GetAllVariables): feature flags, the runner's, the server's and the job's own, the runner's last ones.</summary>
internal static partial class JobVariables
{
    public const string NoCommit = "0000000000000000000000000000000000000000";

    public static string RepositoryUrl(SimulatedJob job, RunnerOptions options) =>
        job.Git?.RepositoryUrl
        ?? $"https://gitlab-ci-token:{job.Token}@{new Uri(options.ServerUrl).Host}/{job.ProjectPath}.git";

    /// <summary>The job response's <c>variables</c>.</summary>
    public static IEnumerable<JobVariable> FromServer(SimulatedJob job, RunnerOptions options)
    {
        if (job.IsSynthetic)
        {
            return job.Variables;
        }

        JobVariable[] predefined =
        [
            Public("CI_PIPELINE_ID", "501"),
            Public("CI_JOB_ID", Number(job.Id)),
            new("CI_JOB_TOKEN", job.Token) { Masked = true, Raw = true },
            Public("CI_JOB_NAME", job.Name),
            Public("CI_JOB_STAGE", "test"),
            new("CI_REPOSITORY_URL", RepositoryUrl(job, options)) { Masked = true },
            Public("CI", "true"),
            Public("GITLAB_CI", "true"),
            Public("CI_SERVER_URL", options.ServerUrl),
            Public("CI_SERVER_HOST", new Uri(options.ServerUrl).Host),
            Public("CI_PROJECT_ID", Number(job.ProjectId)),
            Public("CI_PROJECT_PATH", job.ProjectPath),
            Public("CI_PROJECT_NAME", job.ProjectPath[(job.ProjectPath.LastIndexOf('/') + 1)..]),
            Public("CI_COMMIT_SHA", job.Git?.Sha ?? NoCommit),
            Public("CI_COMMIT_REF_NAME", job.Git?.Ref ?? "main"),
            Public("CI_RUNNER_ID", "12"),
            Public("CI_RUNNER_DESCRIPTION", options.Name),
        ];
        return [.. predefined, .. job.Variables, .. job.Run is { } run ? [new JobVariable("STEPS", run) { Raw = true }] : Array.Empty<JobVariable>()];
    }

    /// <summary>Every variable once; of a name given twice the later wins, so a job's author may redefine predefined ones.</summary>
    public static IReadOnlyList<JobVariable> All(SimulatedJob job, RunnerOptions options, JobPhase phase)
    {
        var last = new Dictionary<string, JobVariable>();
        var flags = ScriptSettings.Flags.Select(flag => Public(flag, IsOn(flag, job, options) ? "true" : "false"));
        var ofJob = FromServer(job, options).Where(variable => !ScriptSettings.Flags.Contains(variable.Key));
        foreach (var variable in flags.Concat(Before(job, options, phase)).Concat(ofJob).Concat(After(phase)))
        {
            last[variable.Key] = variable;
        }

        return [.. last.Values];
    }

    /// <summary>A text in which <c>$NAME</c> and <c>${NAME}</c> are replaced, as the runner does (Go's os.Expand).</summary>
    public static string Expand(string text, IReadOnlyList<JobVariable> variables) => Reference().Replace(
        text, match => variables.LastOrDefault(variable => variable.Key == match.Value.Trim('$', '{', '}'))?.Value ?? "");

    /// <summary>The runner's variables that a job's may redefine; their values change while the job goes on.</summary>
    private static IEnumerable<JobVariable> Before(SimulatedJob job, RunnerOptions options, JobPhase phase)
    {
        yield return Public("CI_JOB_IMAGE", job.Image ?? "");
        yield return Public("CI_RUNNER_SHORT_TOKEN", options.ShortToken);
        yield return Public("CI_BUILDS_DIR", phase.BuildsDirectory);
        yield return Public("CI_PROJECT_DIR", phase.ProjectDirectory);
        yield return Public("CI_CONCURRENT_ID", "0");
        yield return Public("CI_CONCURRENT_PROJECT_ID", "0");
        yield return Public("CI_SERVER", "yes");
        yield return Public("CI_JOB_STATUS", phase.Status);
        yield return Public("CI_JOB_TIMEOUT", Number((long)job.Timeout.TotalSeconds));
        yield return Public("CI_JOB_SERVICES", "");
    }

    private static IEnumerable<JobVariable> After(JobPhase phase)
    {
        yield return Public("CI_SHARED_ENVIRONMENT", "true");
        yield return Public("CI_RUNNER_VERSION", "19.4.0");
        yield return Public("CI_RUNNER_REVISION", "simulated");
        yield return Public("CI_RUNNER_EXECUTABLE_ARCH", "linux/amd64");
        yield return Public("RUNNER_TEMP_PROJECT_DIR", phase.ProjectDirectory.Length == 0 ? "" : phase.SideDirectory);
    }

    private static bool IsOn(string flag, SimulatedJob job, RunnerOptions options) =>
        options.FeatureFlags.TryGetValue(flag, out var said) ? said : ScriptSettings.IsTrue(job.Find(flag));

    private static JobVariable Public(string key, string value) => new(key, value) { Public = true };

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\$(?:[A-Za-z_][A-Za-z0-9_]*|\{[A-Za-z_][A-Za-z0-9_]*\})", RegexOptions.CultureInvariant)]
    private static partial Regex Reference();
}
