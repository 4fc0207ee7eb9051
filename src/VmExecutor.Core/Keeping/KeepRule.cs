using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Keeping;

/// <summary>Whose VMs stay when their script has failed, and how many of them.</summary>
public static class KeepRule
{
    /// <summary>
    /// The runner's names for what a job's author has written; when one of these fails, the job has failed. What comes before may be tried again, and
    /// what comes after does not change the result (docs/runner-contract.md section 2).
    /// </summary>
    public static bool DecidesTheJob(string subStage) => subStage == "build_script" || subStage.StartsWith("step_", StringComparison.Ordinal);

    /// <summary>What becomes of a job's VM if its script fails; null: it goes. A project that an old GitLab does not tell is none of those meant.</summary>
    public static KeepPlan? For(Job job, ImageDefinition image) =>
        image.KeepFailed.For is { } time
        && (image.KeepFailed.Projects.Count == 0 || (job.ProjectPath is { } project && image.KeepFailed.Projects.Any(glob => new ProjectGlob(glob).Matches(project))))
            ? new KeepPlan(time, image.BuildsDir, image.CacheDir)
            : null;

    /// <summary>Those who have a place of <c>limits: max_kept</c>: kept, or promised to be kept when their job is over.</summary>
    public static IReadOnlyList<JobRecord> Holders(IEnumerable<JobRecord> records) => [.. records.Where(record => record is { Keep: not null, Stopped: null })];

    /// <summary>The record of a VM that stays from now on: its time is counted by the kernel's clock, as that of every job.</summary>
    /// <param name="record">With <see cref="JobRecord.Keep"/> and <see cref="JobRecord.KeepFailed"/>.</param>
    /// <param name="result">How the job ended.</param>
    /// <param name="sinceBoot">Now, by the kernel.</param>
    public static JobRecord Begin(JobRecord record, string result, TimeSpan sinceBoot) => record with
    {
        Kept = true,
        Keep = record.Keep! with { Result = result },
        Stamp = record.Stamp with { Expires = record.Stamp.Created + (sinceBoot - record.Stamp.Made.SinceBoot) + (record.KeepFailed?.For ?? TimeSpan.Zero) },
    };
}
