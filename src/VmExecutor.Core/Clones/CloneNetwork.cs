using System.Xml.Linq;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>Network cards: model and place on the bus stay, so that the guest names them as before; the rest is the clone's own.</summary>
internal static class CloneNetwork
{
    private const string User = "user";

    /// <summary>
    /// The elements of a card that configure its tap device; libvirt refuses them on a card without one ("is not supported for network
    /// interface of type 'user'").
    /// </summary>
    private static readonly string[] OfTap = ["mtu", "coalesce", "tune"];

    private static readonly string[] OfTapsDriver = ["name", "queues", "rss", "rss_hash_report"];

    public static void Apply(XElement domain, ClonePlan plan)
    {
        var devices = domain.Element("devices")!;
        var cards = devices.Elements("interface").ToList();
        if (cards.Count == 0)
        {
            var card = new XElement("interface", new XElement("model", new XAttribute("type", "virtio")), new XElement("rom", new XAttribute("enabled", "no")));
            devices.Add(card);
            cards.Add(card);
        }

        // QEMU's user-mode networks are all 10.0.2.0/24: a second card would only confuse the guest's routes.
        if (plan.Image.Network.Mode == NetworkMode.User)
        {
            cards.Skip(1).Remove();
            cards = [cards[0]];
        }

        for (var index = 0; index < cards.Count; index++)
        {
            MakeOwn(cards[index], KeptAddress(DomainWalk.SourceOf(cards[index]), plan) ?? plan.Mac(index).Value);
        }

        Connect(cards[0], plan);
        foreach (var other in cards.Skip(1))
        {
            StayConnected(other);
        }

        foreach (var card in cards.Where(card => card.Parent is not null && (string?)card.Attribute("type") != User))
        {
            TuneTap(card);
        }
    }

    /// <summary>
    /// The MAC address that a clone's card keeps from the source. In user mode the clone's network is its own, so guests that are pinned
    /// to the address (ifcfg, netplan, udev rules) come up. Null: other machines are on the network, or the source names no address.
    /// </summary>
    internal static string? KeptAddress(XElement source, ClonePlan plan) =>
        plan.Image.Network.Mode == NetworkMode.User ? (string?)source.Element("mac")?.Attribute("address") : null;

    /// <summary>The MAC address of a machine's first card; null: it has none, or the definition does not say it.</summary>
    internal static string? AddressOf(XElement domain) =>
        (string?)domain.Elements("devices").Elements("interface").FirstOrDefault()?.Element("mac")?.Attribute("address");

    internal static void MakeOwn(XElement card, MacAddress address) => MakeOwn(card, address.Value);

    internal static void MakeOwn(XElement card, string address)
    {
        card.Elements().Where(e => e.Name.LocalName is "mac" or "target" or "alias").Remove();
        card.AddFirst(new XElement("mac", new XAttribute("address", address)));
    }

    internal static void Connect(XElement card, ClonePlan plan)
    {
        var network = plan.Image.Network;
        card.Elements()
            .Where(e => e.Name.LocalName is "source" or "backend" or "portForward" or "ip" or "route" or "virtualport" or "filterref" or "vlan" or "port" or "script")
            .Remove();
        if (network.Mode == NetworkMode.User)
        {
            card.SetAttributeValue("type", User);
            return;
        }

        card.SetAttributeValue("type", "network");
        card.Element("mac")!.AddAfterSelf(new XElement("source", new XAttribute("network", network.Name)));
        if (plan.User is { } user)
        {
            // An egress policy must know it before the VM starts, and that of a standby clone comes later.
            card.Element("source")!.AddAfterSelf(new XElement("target", new XAttribute("dev", EgressCard.TapOf(user))));
        }
    }

    /// <summary>Keeps a further card of the source on its network, or removes the card: a job gets no other network than these.</summary>
    private static void StayConnected(XElement card)
    {
        var source = DomainWalk.SourceOf(card);
        var type = (string?)source.Attribute("type");

        // The bridge that a running source's network has is the network's to say.
        string[] names = type switch { "network" => ["network", "portgroup"], "bridge" => ["bridge"], _ => [] };
        if (type is null || names.Length == 0)
        {
            card.Remove();
            return;
        }

        card.SetAttributeValue("type", type);
        card.Element("mac")!.AddAfterSelf(new XElement(
            "source", source.Elements("source").Attributes().Where(attribute => names.Contains(attribute.Name.LocalName))));
    }

    private static void TuneTap(XElement card)
    {
        var source = DomainWalk.SourceOf(card);
        if (source == card)
        {
            return;
        }

        card.Add(source.Elements().Where(element => OfTap.Contains(element.Name.LocalName)));
        foreach (var limit in source.Elements("bandwidth").Elements().Where(limit => limit.Attribute("average") is not null))
        {
            var bandwidth = card.Element("bandwidth");
            if (bandwidth is null)
            {
                card.Add(bandwidth = new XElement("bandwidth"));
            }

            bandwidth.Add(new XElement(limit.Name, limit.Attributes().Where(attribute => attribute.Name.LocalName is "average" or "peak" or "burst")));
        }

        foreach (var attribute in source.Elements("driver").Attributes().Where(attribute => OfTapsDriver.Contains(attribute.Name.LocalName)))
        {
            card.Element("driver")!.SetAttributeValue(attribute.Name, attribute.Value);
        }
    }
}
