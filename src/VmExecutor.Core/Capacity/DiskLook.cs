using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Capacity;

/// <summary>One look at the amount that a job with a running script has written.</summary>
public sealed record DiskLook
{
    /// <summary>A job that has written less is not what fills a disk.</summary>
    private const long Negligible = 16 << 20;

    public required JobKey Job { get; init; }

    /// <summary>The size of the job's overlays on the host's disk, in bytes.</summary>
    public required long WrittenBytes { get; init; }

    /// <summary>The size of the overlays of its services that are VMs, in bytes.</summary>
    public long ServiceBytes { get; init; }

    /// <summary>All that the job's VMs have written, in bytes.</summary>
    public long AllBytes => WrittenBytes + ServiceBytes;

    /// <summary>The most that the overlays may take, in bytes; null: no limit.</summary>
    public required long? AllowedBytes { get; init; }

    /// <summary>Of the file system of <c>state_dir</c>; null: it does not say.</summary>
    public required long? FreeBytes { get; init; }

    public required ByteSize Watermark { get; init; }

    public bool IsTooLarge => WrittenBytes > AllowedBytes;

    /// <summary>
    /// True when a job must be stopped to keep the disk from becoming full. <see cref="IsLargestOf"/> tells whether it is this one.
    /// </summary>
    public bool IsShort => FreeBytes < Watermark.Bytes && AllBytes > Negligible;

    /// <summary>
    /// True when this job has written the most of all jobs whose scripts run. It is true for exactly one of them, so that one VM is
    /// stopped at a time.
    /// </summary>
    public bool IsLargestOf(IEnumerable<(JobKey Job, long WrittenBytes)> others) =>
        others.Where(other => other.Job != Job).All(other =>
            other.WrittenBytes < AllBytes
            || (other.WrittenBytes == AllBytes && string.CompareOrdinal(other.Job.Value, Job.Value) > 0));
}
