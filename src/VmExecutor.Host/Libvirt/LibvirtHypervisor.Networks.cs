using VmExecutor.Core.Health;

namespace VmExecutor.Host.Libvirt;

public sealed partial class LibvirtHypervisor
{
    /// <summary>State of a network; null when there is none of that name.</summary>
    public Task<NetworkState?> FindNetworkAsync(string name, CancellationToken cancellationToken) =>
        AskAsync($"for the network '{name}'", libvirt => libvirt.FindNetwork(name), cancellationToken);
}
