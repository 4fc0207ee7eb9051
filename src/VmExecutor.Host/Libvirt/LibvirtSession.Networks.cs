using System.Xml.Linq;
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
        return new NetworkState(active == 1, LibvirtLibrary.virNetworkGetAutostart(network, out var autostart) == 0 && autostart != 0, KeepsGuestsApart(network, name));
    }

    /// <summary>formatnetwork, "Isolating ports from one another": the option is of Linux bridges.</summary>
    private unsafe bool? KeepsGuestsApart(NetworkHandle network, string name)
    {
        var text = LibvirtLibrary.virNetworkGetXMLDesc(network, 0);
        if (text is null)
        {
            throw Failure(Of(name, nameof(LibvirtLibrary.virNetworkGetXMLDesc)));
        }

        var xml = XElement.Parse(NativeText.Take(text));
        return xml.Element("bridge") is null || xml.Element("virtualport") is not null ? null : (string?)xml.Element("port")?.Attribute("isolated") == "yes";
    }
}
