using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>How many VMs this host takes at a time. A job that does not fit waits its turn.</summary>
public sealed record LimitSettings
{
    /// <summary>Null: as many as memory and disk allow.</summary>
    public int? MaxVms { get; init; }

    /// <summary>How many VMs may be starting at the same time; null: as many as fit.</summary>
    public int? ParallelStarts { get; init; }

    /// <summary>Memory that no VM gets: the host's own.</summary>
    public ByteSize MemoryHeadroom { get; init; } = ByteSize.FromMebibytes(512);

    /// <summary>Free space of <c>state_dir</c>'s file system below which no further VM is started.</summary>
    public ByteSize DiskHeadroom { get; init; } = ByteSize.FromMebibytes(4096);

    /// <summary>Free space below which the job with the largest overlays is stopped before the host's disk is full.</summary>
    public ByteSize DiskWatermark { get; init; } = ByteSize.FromMebibytes(1024);

    /// <summary>How many VMs of failed jobs stay at a time, of all images together.</summary>
    public int MaxKept { get; init; } = 2;

    /// <summary>How long a job waits for its turn before it fails.</summary>
    public TimeSpan WaitForCapacity { get; init; } = TimeSpan.FromMinutes(30);
}
