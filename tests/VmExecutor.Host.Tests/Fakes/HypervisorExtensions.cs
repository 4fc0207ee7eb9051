using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Tests.Fakes;

internal static class HypervisorExtensions
{
    /// <summary>The names of all domains.</summary>
    public static async Task<IReadOnlyList<string>> ListDomainsAsync(this IHypervisor hypervisor, CancellationToken cancellationToken) =>
        [.. (await hypervisor.ListMetadataAsync("urn:vm-executor:test", cancellationToken)).Select(domain => domain.Domain)];
}
