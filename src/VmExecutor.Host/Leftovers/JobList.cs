using VmExecutor.Core.Capacity;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Leftovers;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Leftovers;

/// <summary>The running jobs and the leftovers.</summary>
/// <param name="Jobs">By key.</param>
/// <param name="Remarks">What else should be known, in sentences.</param>
public sealed record JobList(IReadOnlyList<ListedJob> Jobs, IReadOnlyList<string> Remarks)
{
    /// <summary>The order that the host takes no more jobs; null: it takes them.</summary>
    public DrainRecord? Drained { get; init; }
}

/// <summary>One job in a list; null where it is not known.</summary>
public sealed record ListedJob
{
    public required JobKey Job { get; init; }

    /// <summary>Its clone's.</summary>
    public required JobKey Key { get; init; }

    /// <summary>The name of the job's service that the VM is, or the domain's name where the job is gone; null: it is the job's own VM.</summary>
    public string? Service { get; init; }

    public string? Project { get; init; }

    public string? Image { get; init; }

    /// <summary>The kind of its VM's start.</summary>
    public string? Start { get; init; }

    /// <summary>Since it was made; null also when that was on another boot or host.</summary>
    public TimeSpan? Age { get; init; }

    /// <summary>Until its time is over; negative when it is.</summary>
    public TimeSpan? ExpiresIn { get; init; }

    public DateTimeOffset? Created { get; init; }

    public DateTimeOffset? Expires { get; init; }

    /// <summary>True when its VM is there.</summary>
    public required bool HasDomain { get; init; }

    public DomainUsage? Usage { get; init; }

    /// <summary>The size of its overlays, in bytes.</summary>
    public long? DiskBytes { get; init; }

    /// <summary>The reason why it is a leftover; null: it is in use.</summary>
    public LeftoverReason? Leftover { get; init; }

    /// <summary>Its job is over, and it stays until its time is: <c>try --keep</c>, or <c>keep_failed</c>.</summary>
    public bool IsKept { get; init; }

    /// <summary>There is no job yet: it waits for one.</summary>
    public bool IsStandby { get; init; }

    /// <summary>The time for which it has waited for a job so far; null: it does not wait, or it does so since another boot.</summary>
    public TimeSpan? Waited { get; init; }

    /// <summary>The reason why it is left alone although something is wrong with it.</summary>
    public string? Doubt { get; init; }
}
