namespace VmExecutor.Core.Jobs;

/// <summary>What is to be done if a job's script fails: its image says that VMs of failed jobs stay, and this job is one of those meant.</summary>
/// <param name="For">How long, from cleanup on.</param>
/// <param name="BuildsDir">Where the runner's files are in the guest.</param>
/// <param name="CacheDir">Where its caches are.</param>
public sealed record KeepPlan(TimeSpan For, string BuildsDir, string CacheDir);

/// <summary>That a job's script has failed and its VM shall stay: written by run, done by cleanup.</summary>
/// <param name="SubStage">The script that failed.</param>
/// <param name="Result">How the job ended, as cleanup was told; null: it is not over yet.</param>
public sealed record KeepRecord(string SubStage, string? Result);
