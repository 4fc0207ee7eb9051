using VmExecutor.Core.Jobs;
using VmExecutor.Core.Leftovers;
using VmExecutor.Core.Values;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Leftovers;

/// <summary>Everything of one job that is there.</summary>
public sealed record FoundJob
{
    /// <summary>Its clone's.</summary>
    public required JobKey Key { get; init; }

    /// <summary>True: the clone is a service of <see cref="Job"/>.</summary>
    public bool IsService => Stamp?.JobOfService is not null;

    /// <summary>Its own: another than the clone's if it took a standby clone, or if the clone is its service.</summary>
    public JobKey Job => JobKey.TryParse(Stamp?.Job, out var job) ? job : Key;

    /// <summary>Its record's, else its domain's; null: neither has a readable one.</summary>
    public OwnershipStamp? Stamp { get; init; }

    public JobRecord? Record { get; init; }

    /// <summary>The reason why its record cannot be looked at although there may be one; null: it was, or there is none.</summary>
    public string? OutOfReach { get; init; }

    public required bool HasDirectory { get; init; }

    public required bool HasDomain { get; init; }

    /// <summary>True when its libvirt was asked, and has no domain of it.</summary>
    public bool IsVmGone { get; init; }

    /// <summary>The libvirt connection its domain is, or would be, on.</summary>
    public required string LibvirtUri { get; init; }

    public required IReadOnlyList<JobProcess> Processes { get; init; }

    /// <summary>Null: it is in use, or not ours to judge.</summary>
    public LeftoverReason? Leftover { get; init; }

    /// <summary>The reason why it is left alone although something is wrong with it.</summary>
    public string? Doubt { get; init; }
}

/// <summary>Everything that is there of all jobs of a state directory.</summary>
/// <param name="Jobs">By key.</param>
/// <param name="Others">What lies among the jobs' directories and is none.</param>
/// <param name="HalfMade">Files whose writing was interrupted.</param>
/// <param name="Problems">What could not be looked at, in sentences.</param>
public sealed record Survey(
    IReadOnlyList<FoundJob> Jobs, IReadOnlyList<AbsolutePath> Others, IReadOnlyList<AbsolutePath> HalfMade, IReadOnlyList<string> Problems);
