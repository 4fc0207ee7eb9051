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

    /// <summary>The memory that is kept for a job's VM.</summary>
    public ReserveMode Reserve { get; init; }

    public ByteSize ReserveFloor { get; init; } = ByteSize.FromMebibytes(256);

    /// <summary>In percent.</summary>
    public int ReserveMargin { get; init; } = 25;

    public ByteSize MemoryWatermark { get; init; } = ByteSize.FromMebibytes(256);

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
        .Key("reserve", Kinds.Choice<ReserveMode>(),
            "How much memory is kept for a job's VM: 'declared' is the VM's size; 'learned' is what the last runs of the job took of the host, where at least 5 are known.",
            "learned", it => it.Reserve, (it, value) => it with { Reserve = value })
        .Key("reserve_floor", Kinds.Size(),
            "With 'reserve: learned', the least that is kept for a VM.",
            "512MiB", it => it.ReserveFloor, (it, value) => it with { ReserveFloor = value })
        .Key("reserve_margin", Kinds.WholeNumber(0, 1000),
            "With 'reserve: learned', how many percent more than the last runs took is kept.",
            "50", it => it.ReserveMargin, (it, value) => it with { ReserveMargin = value })
        .Key("memory_watermark", Kinds.Size(),
            "With 'reserve: learned', the available memory below which a job that took more than was kept for it is stopped; less than 'memory_headroom'.",
            "384MiB", it => it.MemoryWatermark, (it, value) => it with { MemoryWatermark = value })
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

/// <summary>The ways to decide the memory that is kept for a job's VM.</summary>
public enum ReserveMode
{
    Declared,
    Learned,
}
