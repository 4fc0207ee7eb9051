using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.Capacity;

/// <summary>One look at the host for one job that wants a VM: it tells whether the job fits, and otherwise what the host lacks.</summary>
public sealed record CapacityLook
{
    public required LimitSettings Limits { get; init; }

    public required HostResources Host { get; init; }

    /// <summary>The claims of all other jobs of the same state directory.</summary>
    public required IReadOnlyList<LiveClaim> Claims { get; init; }

    /// <summary>The memory that is kept for the job's VMs: its own, and those of its services.</summary>
    public required long NeededBytes { get; init; }

    /// <summary>The memory that these VMs have, of which less may be kept for them.</summary>
    public long WholeBytes { get => Math.Max(field, NeededBytes); init; }

    /// <summary>The number of these VMs: it gets all of them or none.</summary>
    public int NeededVms { get; init; } = 1;

    /// <summary>The users for VMs that this host has; null: VMs need none of their own.</summary>
    public int? Users { get; init; }

    /// <summary>Those of <see cref="Users"/> that have no VM; null: VMs need none of their own.</summary>
    public int? FreeUsers { get; init; }

    public int Starts => Claims.Count(claim => claim.Starting);

    /// <summary>Memory that is promised to VMs and that they have not taken yet, in bytes.</summary>
    public long OutstandingBytes => Claims.Sum(claim => claim.OutstandingBytes);

    /// <summary>Memory that a further VM may have, in bytes; negative when the host is short of memory already.</summary>
    public long FreeMemoryBytes => Host.MemoryAvailableBytes - OutstandingBytes - Limits.MemoryHeadroom.Bytes;

    /// <summary>The first thing that the host lacks for the job; null: the job fits.</summary>
    public Shortage? FindShortage() => this switch
    {
        { Limits.MaxVms: { } most } when Claims.Count + NeededVms > most => Shortage.Vms,
        { FreeUsers: { } free } when free < NeededVms => Shortage.Users,
        _ when NeededBytes > FreeMemoryBytes => Shortage.Memory,
        { Host.DiskFreeBytes: { } free } when free < Limits.DiskHeadroom.Bytes => Shortage.Disk,
        { Limits.ParallelStarts: { } most } when Starts >= most => Shortage.Starts,
        _ => null,
    };

    /// <summary>The thing that the host would lack without any VM, too; null: waiting makes sense.</summary>
    public Shortage? FindImpossibility() => this switch
    {
        { NeededVms: > 1, Limits.MaxVms: { } most } when NeededVms > most => Shortage.Vms,
        { NeededVms: > 1, Users: { } all } when NeededVms > all => Shortage.Users,
        _ when WholeBytes > Host.MemoryTotalBytes - Limits.MemoryHeadroom.Bytes => Shortage.Memory,
        { Host.DiskTotalBytes: { } total } when total < Limits.DiskHeadroom.Bytes => Shortage.Disk,
        _ => null,
    };
}

/// <summary>The things that a job can wait for.</summary>
public enum Shortage
{
    Vms,
    Users,
    Memory,
    Disk,
    Starts,
}
