using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Capacity;

/// <summary>One look at what a job with a running script has written.</summary>
public sealed record DiskLook
{
    /// <summary>A job that has written less is not what fills a disk.</summary>
    private const long Negligible = 16 << 20;

    public required JobKey Job { get; init; }

    /// <summary>What its overlays take on the host's disk.</summary>
    public required long WrittenBytes { get; init; }

    /// <summary>What they may take; null: no limit.</summary>
    public required long? AllowedBytes { get; init; }

    /// <summary>Of the file system of <c>state_dir</c>; null: it does not say.</summary>
    public required long? FreeBytes { get; init; }

    public required ByteSize Watermark { get; init; }

    public bool IsTooLarge => WrittenBytes > AllowedBytes;

    /// <summary>Somebody must be stopped; whether it is this job depends on the others.</summary>
    public bool IsShort => FreeBytes < Watermark.Bytes && WrittenBytes > Negligible;

    /// <summary>
    /// Whether this job has written most of those whose scripts run: exactly one of them says yes, so that one VM goes at a time.
    /// </summary>
    public bool IsLargestOf(IEnumerable<(JobKey Job, long WrittenBytes)> others) =>
        others.Where(other => other.Job != Job).All(other =>
            other.WrittenBytes < WrittenBytes
            || (other.WrittenBytes == WrittenBytes && string.CompareOrdinal(other.Job.Value, Job.Value) > 0));
}
