using System.Xml.Linq;
using VmExecutor.Core.Health;
using VmExecutor.Core.Values;
using VmExecutor.Host.Libvirt.Native;

namespace VmExecutor.Host.Libvirt;

internal sealed partial class LibvirtSession
{
    private static readonly XNamespace Dnsmasq = "http://libvirt.org/schemas/network/dnsmasq/1.0";

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
        var xml = Describe(network, name);
        return new NetworkState(
            active == 1, LibvirtLibrary.virNetworkGetAutostart(network, out var autostart) == 0 && autostart != 0, KeepsGuestsApart(xml), TellsClonesApart(xml))
        {
            // formatnetwork, "Connectivity": nat is meant where no mode is written.
            Forward = xml.Element("forward") is { } forward ? (string?)forward.Attribute("mode") ?? "nat" : "none",
            Hosts = [.. xml.Elements("ip").Select(NetworkHost.Parse).OfType<string>()],
        };
    }

    private unsafe XElement Describe(NetworkHandle network, string name)
    {
        var text = LibvirtLibrary.virNetworkGetXMLDesc(network, 0);
        if (text is null)
        {
            throw Failure(Of(name, nameof(LibvirtLibrary.virNetworkGetXMLDesc)));
        }

        return XmlText.Parse(NativeText.Take(text));
    }

    /// <summary>formatnetwork, "Network namespaces": options of dnsmasq are passed on as they are.</summary>
    private static bool? TellsClonesApart(XElement xml) =>
        xml.Elements("ip").Any(ip => (string?)ip.Attribute("family") != "ipv6" && ip.Element("dhcp") is not null)
            ? xml.Elements(Dnsmasq + "options").Elements(Dnsmasq + "option").Any(option => ((string?)option.Attribute("value"))?.Trim() == "dhcp-ignore-clid")
            : null;

    /// <summary>formatnetwork, "Isolating ports from one another": the option is of Linux bridges.</summary>
    private static bool? KeepsGuestsApart(XElement xml) =>
        xml.Element("bridge") is null || xml.Element("virtualport") is not null ? null : (string?)xml.Element("port")?.Attribute("isolated") == "yes";
}
