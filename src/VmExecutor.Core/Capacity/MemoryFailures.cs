using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Capacity;

/// <summary>The failure of a job whose VM was stopped because the host was short of memory.</summary>
public static class MemoryFailures
{
    /// <summary>
    /// The host promised the VM more than it has, so this is no fault of the job's author: a system failure, which the runner may try again. The next run has its whole size kept.
    /// </summary>
    /// <param name="look">The job.</param>
    /// <param name="record">Its record, for the names.</param>
    /// <param name="availableBytes">The host's memory that programs can still get.</param>
    /// <param name="watermark">Of the configuration.</param>
    public static SystemFailureException WatermarkPassed(MemoryLook look, JobRecord record, long availableBytes, ByteSize watermark) => new(
        ErrorCodes.MemoryWatermarkPassed,
        $"this host's memory is nearly full: {RoughSize.Of(availableBytes)} are available, less than the {watermark} of 'limits: memory_watermark'. "
        + $"The VM of {JobOf(record)} has taken {RoughSize.Of(look.HostMemoryBytes)} of it. {RoughSize.Of(look.ReservedBytes)} were kept for the VM, by what earlier runs of the job took ('limits: reserve'). "
        + "So it was stopped before the kernel would have ended one",
        "Retry the job: its next run has the whole memory of its VM kept for it. If it happens often, the administrator raises 'limits: reserve_margin' or 'memory_headroom', or writes 'reserve: declared'.");

    private static string JobOf(JobRecord record) => string.Concat(
        record.JobName is { } name ? $"job '{PlainText.OneLine(name, 100)}'" : "this job",
        record.Stamp.Project is { } project ? $" of project '{PlainText.OneLine(project, 200)}'" : "");
}
