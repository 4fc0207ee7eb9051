namespace VmExecutor.RunnerSimulator.Jobs;

/// <summary>The runner's knowledge of a job at one moment; directories are empty until the first config has answered.</summary>
internal sealed record JobPhase
{
    public string BuildsDirectory { get; init; } = "";

    public string CacheDirectory { get; init; } = "";

    public string ProjectDirectory { get; init; } = "";

    /// <summary>The runner's own files of the job: variables of type file, GITLAB_ENV, git's template.</summary>
    public string SideDirectory => $"{ProjectDirectory}.tmp";

    /// <summary>CI_JOB_STATUS: running, then success, failed, canceled or timedout.</summary>
    public string Status { get; init; } = "running";
}
