using System.Globalization;

namespace VmExecutor.RunnerSimulator.Jobs;

/// <summary>All variables of a job in the runner's order: what GitLab predefines, the job's own, then the runner's phase.</summary>
internal static class JobVariables
{
    public const string NoCommit = "0000000000000000000000000000000000000000";

    public static string RepositoryUrl(SimulatedJob job, RunnerOptions options) =>
        job.Git?.RepositoryUrl
        ?? $"https://gitlab-ci-token:{job.Token}@{new Uri(options.ServerUrl).Host}/{job.ProjectPath}.git";

    /// <summary>The job response's <c>variables</c>.</summary>
    public static IEnumerable<JobVariable> FromServer(SimulatedJob job, RunnerOptions options)
    {
        yield return Public("CI_PIPELINE_ID", "501");
        yield return Public("CI_JOB_ID", Number(job.Id));
        yield return new JobVariable("CI_JOB_TOKEN", job.Token) { Masked = true, Raw = true };
        yield return Public("CI_JOB_NAME", job.Name);
        yield return Public("CI_JOB_STAGE", "test");
        yield return new JobVariable("CI_REPOSITORY_URL", RepositoryUrl(job, options)) { Masked = true };
        yield return Public("CI", "true");
        yield return Public("GITLAB_CI", "true");
        yield return Public("CI_SERVER_URL", options.ServerUrl);
        yield return Public("CI_SERVER_HOST", new Uri(options.ServerUrl).Host);
        yield return Public("CI_PROJECT_ID", Number(job.ProjectId));
        yield return Public("CI_PROJECT_PATH", job.ProjectPath);
        yield return Public("CI_PROJECT_NAME", job.ProjectPath[(job.ProjectPath.LastIndexOf('/') + 1)..]);
        yield return Public("CI_COMMIT_SHA", job.Git?.Sha ?? NoCommit);
        yield return Public("CI_COMMIT_REF_NAME", job.Git?.Ref ?? "main");
        yield return Public("CI_RUNNER_ID", "12");
        yield return Public("CI_RUNNER_DESCRIPTION", options.Name);
        foreach (var variable in job.Variables)
        {
            yield return variable;
        }
    }

    /// <summary>The variables that the runner itself adds; their values change while the job goes on.</summary>
    public static IEnumerable<JobVariable> FromRunner(SimulatedJob job, RunnerOptions options, JobPhase phase)
    {
        yield return Public("CI_BUILDS_DIR", phase.BuildsDirectory);
        yield return Public("CI_PROJECT_DIR", phase.ProjectDirectory);
        yield return Public("CI_CONCURRENT_ID", "0");
        yield return Public("CI_CONCURRENT_PROJECT_ID", "0");
        yield return Public("CI_SERVER", "yes");
        yield return Public("CI_JOB_STATUS", phase.Status);
        yield return Public("CI_JOB_TIMEOUT", Number((long)job.Timeout.TotalSeconds));
        yield return Public("CI_RUNNER_SHORT_TOKEN", options.ShortToken);
        yield return Public("CI_RUNNER_VERSION", "19.4.0");
        yield return Public("CI_RUNNER_REVISION", "simulated");
        yield return Public("CI_RUNNER_EXECUTABLE_ARCH", "linux/amd64");
        yield return Public("CI_SHARED_ENVIRONMENT", "true");
        yield return Public("CI_JOB_IMAGE", job.Image ?? "");
        yield return Public("CI_JOB_SERVICES", "");
    }

    /// <summary>Every variable once; of a name given twice the job's own wins, since its author may redefine predefined ones.</summary>
    public static IReadOnlyList<JobVariable> All(SimulatedJob job, RunnerOptions options, JobPhase phase)
    {
        var last = new Dictionary<string, JobVariable>();
        foreach (var variable in FromRunner(job, options, phase).Concat(FromServer(job, options)))
        {
            last[variable.Key] = variable;
        }

        return [.. last.Values];
    }

    private static JobVariable Public(string key, string value) => new(key, value) { Public = true };

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
