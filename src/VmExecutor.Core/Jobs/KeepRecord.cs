namespace VmExecutor.Core.Jobs;

/// <summary>
/// The plan for the case that a job's script fails. Its image says that VMs of failed jobs are kept, and this job is one of those meant.
/// </summary>
/// <param name="For">How long, from cleanup on.</param>
/// <param name="BuildsDir">Where the runner's files are in the guest.</param>
/// <param name="CacheDir">Where its caches are.</param>
public sealed record KeepPlan(TimeSpan For, string BuildsDir, string CacheDir);

/// <summary>The note that a job's script has failed and its VM is to be kept: run writes it, cleanup carries it out.</summary>
/// <param name="SubStage">The script that failed.</param>
/// <param name="Result">How the job ended, as cleanup was told; null: it is not over yet.</param>
public sealed record KeepRecord(string SubStage, string? Result);
