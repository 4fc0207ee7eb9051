using VmExecutor.Core.Health;
using VmExecutor.Host.Libvirt.Native;

namespace VmExecutor.Host.Libvirt;

internal sealed partial class LibvirtSession
{
    /// <summary>Null when there is none of that name.</summary>
    public NetworkState? FindNetwork(string name)
    {
        using var network = LibvirtLibrary.virNetworkLookupByName(connect, name);
        if (network.IsInvalid)
        {
            var failure = Failure(Of(name, nameof(LibvirtLibrary.virNetworkLookupByName)));
            return failure.Error.Number is LibvirtErrorNumber.NoNetwork ? null : throw failure;
        }

        var active = Check(LibvirtLibrary.virNetworkIsActive(network), Of(name, nameof(LibvirtLibrary.virNetworkIsActive)));

        // A network that is not persistent has no such setting, and cannot come back by itself.
        return new NetworkState(active == 1, LibvirtLibrary.virNetworkGetAutostart(network, out var autostart) == 0 && autostart != 0);
    }
}
