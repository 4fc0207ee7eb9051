using System.Xml.Linq;
using VmExecutor.Core.Clones;

namespace VmExecutor.Core.Egress;

/// <summary>
/// The network card of a VM whose QEMU passes nothing on but the forwarded port of its ssh server (<c>restrict=on</c> of <c>-netdev user</c>, qemu(1)). libvirt has no element for that.
/// So the card is libvirt's, at its place on the bus, and is connected to a network that QEMU alone knows; libvirt's own network of the card stays without a card.
/// </summary>
public static class RestrictedCard
{
    /// <summary>The network, by QEMU's name.</summary>
    public const string Network = "vmx-restricted";

    /// <summary>Asks QEMU's monitor for its networks, each card with the one that it is connected to below it.</summary>
    public const string Ask = "info network";

    /// <summary>libvirt takes names of devices that begin like this.</summary>
    private const string Card = "ua-vmx-restricted";

    /// <summary>Connects the card of a machine that is about to be started. Its state, in a template's, goes by its place on the bus, not by its name.</summary>
    /// <param name="domain">The clone's definition, with one card in the user-mode network; it is changed.</param>
    public static void Apply(XElement domain)
    {
        var card = domain.Elements("devices").Elements("interface").First();
        card.Elements("alias").Remove();
        card.Add(new XElement("alias", new XAttribute("name", Card)));
        QemuXml.Add(domain, ["-netdev", $"user,id={Network},restrict=on,ipv6=off"]);
        domain.Add(new XElement(
            QemuXml.Namespace + "override",
            new XElement(
                QemuXml.Namespace + "device",
                new XAttribute("alias", Card),
                new XElement(
                    QemuXml.Namespace + "frontend",
                    new XElement(QemuXml.Namespace + "property", new XAttribute("name", "netdev"), new XAttribute("type", "string"), new XAttribute("value", Network))))));
    }

    /// <summary>True when every card that is connected to a user-mode network is connected to one that passes nothing on, and there is one.</summary>
    /// <param name="networks">The answer to <see cref="Ask"/>.</param>
    public static bool Holds(string networks)
    {
        var connected = networks.Split('\n').Where(line => line.StartsWith(" \\ ", StringComparison.Ordinal) && line.Contains("type=user", StringComparison.Ordinal)).ToList();
        return connected.Count > 0 && connected.All(line => line.TrimEnd().EndsWith(",restrict=on", StringComparison.Ordinal));
    }
}
