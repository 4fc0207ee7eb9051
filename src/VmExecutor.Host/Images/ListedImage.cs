using VmExecutor.Core.Configuration;
using VmExecutor.Core.Images;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Images;

/// <summary>An image as <c>image list</c> and <c>image show</c> report it.</summary>
public sealed record ListedImage
{
    public required ImageName Name { get; init; }

    /// <summary>Null: there are generations of it, but no YAML any more.</summary>
    public ImageDefinition? Definition { get; init; }

    /// <summary>The generation that jobs get; null: it was never published.</summary>
    public int? Current { get; init; }

    /// <summary>The newest first.</summary>
    public required IReadOnlyList<ListedGeneration> Generations { get; init; }

    /// <summary>Jobs that stand on the source itself, since the image was not published when they came.</summary>
    public int ClonesOfSource { get; init; }

    /// <summary>The starts of its VMs; null: they were not counted.</summary>
    public StartCounts? Starts { get; init; }

    /// <summary>The versions of libvirt and QEMU on this host now, by which templates are judged; null: not known.</summary>
    public HypervisorVersion? Hypervisor { get; init; }

    public ListedGeneration? CurrentGeneration => Generations.FirstOrDefault(generation => generation.Generation.Number == Current);
}

/// <summary>One generation with its present state.</summary>
/// <param name="Generation">The generation.</param>
/// <param name="Clones">How many jobs stand on it.</param>
/// <param name="DiskBytes">What its files take on the disk, without those that were published in place.</param>
/// <param name="Damage">Why it is not used; empty: it is whole.</param>
/// <param name="Templates">Of which clones wake up, the newest first.</param>
public sealed record ListedGeneration(
    Generation Generation, int Clones, long DiskBytes, IReadOnlyList<string> Damage, IReadOnlyList<ListedTemplate> Templates);
