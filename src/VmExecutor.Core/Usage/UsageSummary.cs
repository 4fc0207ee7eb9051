namespace VmExecutor.Core.Usage;

/// <summary>The jobs whose use is told together.</summary>
/// <param name="Project">The project's path; null: not known.</param>
/// <param name="JobName">The job's name in its pipeline; null: not known, as in lines of an older driver.</param>
/// <param name="Image">The image of its VM; null: not known.</param>
public sealed record UsageGroup(string? Project, string? JobName, string? Image);

/// <summary>The resources that the runs of one job have used, added up from the ledger. A retry, and an attempt whose preparation failed, is a run, too.</summary>
/// <param name="Group">The job.</param>
public sealed record UsageSummary(UsageGroup Group)
{
    public int Runs { get; init; }

    /// <summary>Runs that were neither a success nor cancelled.</summary>
    public int Failures { get; init; }

    /// <summary>Runs whose VM was a clone that waited.</summary>
    public int Standby { get; init; }

    public int Warm { get; init; }

    public int Cold { get; init; }

    /// <summary>Runs that had to wait for room on the host.</summary>
    public int Waits { get; init; }

    public double WaitSeconds { get; init; }

    public double LongestWaitSeconds { get; init; }

    /// <summary>The most memory that a VM of these runs had.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>The most that a guest said it used.</summary>
    public long? GuestPeakBytes { get; init; }

    /// <summary>The most of the host's memory that a VM alone had.</summary>
    public long? HostMemoryBytes { get; init; }

    /// <summary>Processor time of all runs together.</summary>
    public double CpuSeconds { get; init; }

    public double MostCpuSeconds { get; init; }

    /// <summary>The most that a run left in its overlays.</summary>
    public long? DiskBytes { get; init; }

    /// <summary>The number of times that a destination was refused.</summary>
    public long EgressRefused { get; init; }

    /// <summary>
    /// The memory that would have been enough for the VM. By the guest's word where there is one; otherwise by what the host saw, which has the guest's page cache and QEMU
    /// in it, and then no more than the VM had. Null: nothing is known.
    /// </summary>
    public long? EnoughMemoryBytes => (GuestPeakBytes, HostMemoryBytes) switch
    {
        ({ } peak, _) => EnoughSize.OfMemory(peak).Bytes,
        (null, { } host) => Math.Min(EnoughSize.OfMemory(host).Bytes, MemoryBytes ?? long.MaxValue),
        _ => null,
    };

    /// <summary>The room that would have been enough for what a run wrote; null: nothing is known.</summary>
    public long? EnoughDiskBytes => DiskBytes is { } disk ? EnoughSize.OfDisk(disk).Bytes : null;
}
