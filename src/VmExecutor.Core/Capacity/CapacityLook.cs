using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.Capacity;

/// <summary>One look at the host with the eyes of one job that wants a VM: does it fit, and if not, what is in its way?</summary>
public sealed record CapacityLook
{
    public required LimitSettings Limits { get; init; }

    public required HostResources Host { get; init; }

    /// <summary>Of all other jobs of the same state directory.</summary>
    public required IReadOnlyList<LiveClaim> Claims { get; init; }

    /// <summary>The memory that the job's VM will have.</summary>
    public required long NeededBytes { get; init; }

    public int Starts => Claims.Count(claim => claim.Starting);

    /// <summary>Promised to VMs that have not taken it yet.</summary>
    public long OutstandingBytes => Claims.Sum(claim => claim.OutstandingBytes);

    /// <summary>What a further VM may have; negative when the host is short of memory already.</summary>
    public long FreeMemoryBytes => Host.MemoryAvailableBytes - OutstandingBytes - Limits.MemoryHeadroom.Bytes;

    /// <summary>What lacks, the first of them in the order in which an operator thinks of them; null: the job fits.</summary>
    public Shortage? FindShortage() => this switch
    {
        { Limits.MaxVms: { } most } when Claims.Count >= most => Shortage.Vms,
        _ when NeededBytes > FreeMemoryBytes => Shortage.Memory,
        { Host.DiskFreeBytes: { } free } when free < Limits.DiskHeadroom.Bytes => Shortage.Disk,
        { Limits.ParallelStarts: { } most } when Starts >= most => Shortage.Starts,
        _ => null,
    };

    /// <summary>What lacks even on a host without any VM; null: waiting makes sense.</summary>
    public Shortage? FindImpossibility() => this switch
    {
        _ when NeededBytes > Host.MemoryTotalBytes - Limits.MemoryHeadroom.Bytes => Shortage.Memory,
        { Host.DiskTotalBytes: { } total } when total < Limits.DiskHeadroom.Bytes => Shortage.Disk,
        _ => null,
    };
}

/// <summary>What a job can wait for.</summary>
public enum Shortage
{
    Vms,
    Memory,
    Disk,
    Starts,
}
