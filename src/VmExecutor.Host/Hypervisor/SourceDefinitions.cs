using System.Xml.Linq;
using VmExecutor.Core.Clones;

namespace VmExecutor.Host.Hypervisor;

/// <summary>
/// Reads the definitions of domains that clones are made of. Only this class does it, so that every reader of a source's disks sees files
/// and block devices, also where the definition names volumes of storage pools.
/// </summary>
public sealed class SourceDefinitions(IHypervisor hypervisor)
{
    /// <summary>The definition that would be started next; null: there is no domain of that name.</summary>
    /// <exception cref="Core.Failures.SystemFailureException"><see cref="Core.Failures.ErrorCodes.SourceVolumeUnusable"/>.</exception>
    public async Task<SourceDefinition?> FindAsync(string domain, CancellationToken cancellationToken) =>
        await hypervisor.FindXmlAsync(domain, inactive: true, cancellationToken).ConfigureAwait(false) is { } xml
            ? await ResolveAsync(DomainText.Parse(xml), cancellationToken).ConfigureAwait(false)
            : null;

    /// <summary>The same for a definition that was read otherwise.</summary>
    /// <param name="xml">Inactive domain XML; it is not changed.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="Core.Failures.SystemFailureException"><see cref="Core.Failures.ErrorCodes.SourceVolumeUnusable"/>.</exception>
    internal async Task<SourceDefinition> ResolveAsync(XElement xml, CancellationToken cancellationToken)
    {
        var volumes = new Dictionary<VolumeName, StorageVolume>();
        foreach (var name in SourceVolumes.NamedBy(xml))
        {
            volumes[name] = await hypervisor.FindVolumeAsync(name, cancellationToken).ConfigureAwait(false);
        }

        var (resolved, remarks) = SourceVolumes.Resolve(xml, volumes, hypervisor.Uri);
        return new SourceDefinition(resolved, remarks);
    }
}

/// <summary>A domain's inactive definition, whose disks are files and block devices.</summary>
/// <param name="Xml">Inactive domain XML.</param>
/// <param name="Remarks">What was left out of it, a sentence each.</param>
public sealed record SourceDefinition(XElement Xml, IReadOnlyList<string> Remarks)
{
    /// <summary>Not the definition, which may have secrets in it.</summary>
    public override string ToString() => nameof(SourceDefinition);
}
