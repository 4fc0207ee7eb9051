namespace VmExecutor.Core.Jobs;

/// <summary>The result of the job, as the runner tells it to cleanup (docs/runner-contract.md section 1, CI_JOB_STATUS).</summary>
public static class JobResult
{
    public const string Unknown = "unknown";

    private static readonly string[] Known = ["running", "success", "failed", "canceled", "timedout"];

    /// <summary>A job's author can redefine the variable, so only the runner's own words count; the ledger is all that reads it.</summary>
    public static string Of(StageEnvironment environment) =>
        environment.Variables.GetValueOrDefault("CUSTOM_ENV_CI_JOB_STATUS") is { } status && Known.Contains(status) ? status : Unknown;
}
