using VmExecutor.Core.Capacity;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Images;

namespace VmExecutor.Core.Observing;

/// <summary>The facts about a host at the moment of reading.</summary>
public sealed record HostFacts
{
    public required DateTimeOffset Now { get; init; }

    public required string Driver { get; init; }

    /// <summary>Null: libvirt does not answer, so the VMs are not known.</summary>
    public required VmFacts? Vms { get; init; }

    public required long OverlayBytes { get; init; }

    public required IReadOnlyList<ImageFacts> Images { get; init; }

    /// <summary>By image; of those whose projects have disks.</summary>
    public IReadOnlyList<ProjectDiskFacts> ProjectDisks { get; init; } = [];

    /// <summary>By image; of those that wanted standby clones at the last fill.</summary>
    public IReadOnlyList<StandbyFacts> Standby { get; init; } = [];

    /// <summary>The counts of all fills of standby clones, by series.</summary>
    public IReadOnlyDictionary<string, double> StandbyTotals { get; init; } = new Dictionary<string, double>();

    public required HostResources Host { get; init; }

    public required LimitSettings Limits { get; init; }

    /// <summary>The host takes no more jobs.</summary>
    public bool IsDrained { get; init; }
}

/// <summary>The VMs of a host.</summary>
/// <param name="Starting">Prepare is under way.</param>
/// <param name="Running">Ready, and the job is not over.</param>
/// <param name="Kept">The job is over, and they stay for people.</param>
/// <param name="Leftovers">What gc would remove.</param>
/// <param name="OutstandingBytes">Memory that VMs were promised and have not taken.</param>
public sealed record VmFacts(int Starting, int Running, int Kept, int Leftovers, long OutstandingBytes)
{
    /// <summary>Memory that all VMs have, of which less may be kept for them.</summary>
    public long DeclaredBytes { get; init; }

    /// <summary>Memory that is kept for all VMs.</summary>
    public long ReservedBytes { get; init; }

    /// <summary>Memory of the host that all VMs have taken.</summary>
    public long TakenBytes { get; init; }

    /// <summary>Paused, and there is no job yet.</summary>
    public int Standby { get; init; }
}

/// <summary>The standby clones of an image.</summary>
/// <param name="Image">Its name.</param>
/// <param name="Wanted">How many it wants.</param>
/// <param name="There">How many wait.</param>
/// <param name="IsPaused">So many could not be made in a row that fills pause for it.</param>
public sealed record StandbyFacts(string Image, int Wanted, int There, bool IsPaused);

/// <summary>The projects' disks of an image.</summary>
/// <param name="Image">Its name.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Bytes">What they take on the host.</param>
/// <param name="OldestUse">When a job got the one that was not used for the longest time.</param>
public sealed record ProjectDiskFacts(string Image, int Count, long Bytes, DateTimeOffset OldestUse);

/// <summary>One published image.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Generations">How many there are.</param>
/// <param name="Bytes">What they take on the disk.</param>
/// <param name="Published">When the current one was; null: there is no current one.</param>
/// <param name="Templates">Of the current one.</param>
/// <param name="TemplateBytes">What all templates take.</param>
/// <param name="OldestTemplate">When the oldest of the current generation's was made; null: it has none.</param>
public sealed record ImageFacts(
    string Name, int Generations, long Bytes, DateTimeOffset? Published, int Templates, long TemplateBytes, DateTimeOffset? OldestTemplate)
{
    /// <summary>The number of the generation that jobs get; null: there is none.</summary>
    public int? Current { get; init; }

    /// <summary>The digest of the registry's manifest that it was made of; null: it is of another source.</summary>
    public string? Digest { get; init; }

    /// <summary>Null: the last publishing succeeded.</summary>
    public PublishFailure? Failure { get; init; }
}
