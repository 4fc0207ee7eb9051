using VmExecutor.Core.Egress;

namespace VmExecutor.Core.Observing;

/// <summary>A VM that was a service of a job, in the job's line of the ledger.</summary>
/// <param name="Domain">The VM's name.</param>
public sealed record LedgerService(string? Domain)
{
    public string? Image { get; init; }

    /// <summary><c>warm</c> or <c>cold</c>.</summary>
    public string? Start { get; init; }

    /// <summary>As of <see cref="LedgerEntry.MemoryBytes"/>.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>As of <see cref="LedgerEntry.Cpus"/>.</summary>
    public int? Cpus { get; init; }

    /// <summary>As of <see cref="LedgerEntry.HostMemoryBytes"/>.</summary>
    public long? HostMemoryBytes { get; init; }

    /// <summary>As of <see cref="LedgerEntry.CpuSeconds"/>.</summary>
    public double? CpuSeconds { get; init; }

    /// <summary>As of <see cref="LedgerEntry.PeakMemoryBytes"/>.</summary>
    public long? PeakMemoryBytes { get; init; }

    /// <summary>As of <see cref="LedgerEntry.DiskBytes"/>.</summary>
    public long? DiskBytes { get; init; }

    /// <summary>As of <see cref="LedgerEntry.Egress"/>.</summary>
    public EgressNotes? Egress { get; init; }
}
