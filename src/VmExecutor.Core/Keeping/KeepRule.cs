using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Keeping;

/// <summary>Decides which failed jobs' VMs are kept, and how many of them.</summary>
public static class KeepRule
{
    /// <summary>
    /// True for the runner's names of scripts that a job's author has written: when one of these fails, the job has failed. Earlier
    /// scripts may be tried again, and later ones do not change the result (docs/runner-contract.md section 2).
    /// </summary>
    public static bool DecidesTheJob(string subStage) => subStage == "build_script" || subStage.StartsWith("step_", StringComparison.Ordinal);

    /// <summary>
    /// The plan for a job's VM in case its script fails; null: it goes. A job whose project an old GitLab does not tell is never meant.
    /// </summary>
    public static KeepPlan? For(Job job, ImageDefinition image) =>
        image.KeepFailed.For is { } time
        && (image.KeepFailed.Projects.Count == 0 || (job.ProjectPath is { } project && image.KeepFailed.Projects.Any(glob => new ProjectGlob(glob).Matches(project))))
            ? new KeepPlan(time, image.BuildsDir, image.CacheDir)
            : null;

    /// <summary>The jobs that have a place of <c>limits: max_kept</c>: kept, or promised to be kept when their job is over.</summary>
    public static IReadOnlyList<JobRecord> Holders(IEnumerable<JobRecord> records) => [.. records.Where(record => record is { Keep: not null, Stopped: null })];

    /// <summary>The record of a VM that stays from now on: its time is counted by the kernel's clock, as that of every job.</summary>
    /// <param name="record">With <see cref="JobRecord.Keep"/> and <see cref="JobRecord.KeepFailed"/>.</param>
    /// <param name="result">The result of the job.</param>
    /// <param name="sinceBoot">Now, by the kernel.</param>
    public static JobRecord Begin(JobRecord record, string result, TimeSpan sinceBoot) => record with
    {
        Kept = true,
        Keep = record.Keep! with { Result = result },
        Stamp = record.Stamp with { Expires = record.Stamp.Created + (sinceBoot - record.Stamp.Made.SinceBoot) + (record.KeepFailed?.For ?? TimeSpan.Zero) },
    };
}
