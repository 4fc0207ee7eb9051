using VmExecutor.Core.Linking;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Linking;

/// <summary>Finds the clones that stand on a file, by what was written into their metadata when they were made; clones made by other tools have none.</summary>
public sealed class LinkSurvey(IHypervisor hypervisor)
{
    /// <summary>The names of all domains.</summary>
    public async Task<IReadOnlyList<string>> NamesAsync(CancellationToken cancellationToken) =>
        [.. (await ListAsync(cancellationToken).ConfigureAwait(false)).Select(domain => domain.Domain)];

    /// <summary>The names of the clones that stand on one of these files, directly or through another clone.</summary>
    public async Task<IReadOnlyList<string>> StandingOnAsync(IReadOnlyCollection<AbsolutePath> files, CancellationToken cancellationToken) =>
    [
        .. (await ListAsync(cancellationToken).ConfigureAwait(false))
            .Where(domain => domain.Metadata is not null && LinkStamp.StandsOn(domain.Metadata, files))
            .Select(domain => domain.Domain).Order(StringComparer.Ordinal),
    ];

    private Task<IReadOnlyList<DomainMetadata>> ListAsync(CancellationToken cancellationToken) =>
        hypervisor.ListMetadataAsync(LinkStamp.Namespace.NamespaceName, cancellationToken);
}
