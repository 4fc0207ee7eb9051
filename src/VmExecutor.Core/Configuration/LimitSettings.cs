using VmExecutor.Core.Configuration.Options;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>The limits of this host for VMs. A job that does not fit waits its turn.</summary>
public sealed record LimitSettings
{
    /// <summary>Null: as many as memory and disk allow.</summary>
    public int? MaxVms { get; init; }

    /// <summary>The number of VMs that may be starting at the same time; null: as many as fit.</summary>
    public int? ParallelStarts { get; init; }

    public ByteSize MemoryHeadroom { get; init; } = ByteSize.FromMebibytes(512);

    public ByteSize DiskHeadroom { get; init; } = ByteSize.FromMebibytes(4096);

    public ByteSize DiskWatermark { get; init; } = ByteSize.FromMebibytes(1024);

    public int MaxKept { get; init; } = 2;

    public TimeSpan WaitForCapacity { get; init; } = TimeSpan.FromMinutes(30);

    internal static readonly Section<LimitSettings> Keys = new Section<LimitSettings>(new())
        .Key("max_vms", Kinds.WholeNumber(1, 1000),
            "How many VMs this host has at a time.",
            "4", it => it.MaxVms, (it, value) => it with { MaxVms = value }, otherwise: "as many as memory and disk allow")
        .Key("parallel_starts", Kinds.WholeNumber(1, 1000),
            "How many VMs may be starting at the same time.",
            "2", it => it.ParallelStarts, (it, value) => it with { ParallelStarts = value }, otherwise: "as many as fit")
        .Key("memory_headroom", Kinds.Size(),
            "Memory that no VM gets: the host's own.",
            "2GiB", it => it.MemoryHeadroom, (it, value) => it with { MemoryHeadroom = value })
        .Key("disk_headroom", Kinds.Size(),
            "Free space of state_dir's file system below which no further VM is started.",
            "20GiB", it => it.DiskHeadroom, (it, value) => it with { DiskHeadroom = value })
        .Key("disk_watermark", Kinds.Size(),
            "Free space below which the job with the largest overlays is stopped, before the host's disk is full; less than 'disk_headroom'.",
            "5GiB", it => it.DiskWatermark, (it, value) => it with { DiskWatermark = value })
        .Key("max_kept", Kinds.WholeNumber(0, 1000),
            "How many VMs of failed jobs stay at a time, of all images together; see 'keep_failed' of an image.",
            "1", it => it.MaxKept, (it, value) => it with { MaxKept = value })
        .Key("wait_for_capacity", Kinds.Duration(),
            "How long a job that does not fit waits for its turn before it fails.",
            "2h", it => it.WaitForCapacity, (it, value) => it with { WaitForCapacity = value });
}
