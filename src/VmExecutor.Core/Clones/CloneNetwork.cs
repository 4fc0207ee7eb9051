using System.Xml.Linq;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>Network cards: model and place on the bus stay, so that the guest names them as before; the rest is the clone's own.</summary>
internal static class CloneNetwork
{
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
            MakeOwn(cards[index], plan.Job.Key.Mac(index));
        }

        Connect(cards[0], plan.Image.Network);
    }

    internal static void MakeOwn(XElement card, MacAddress address)
    {
        card.Elements().Where(e => e.Name.LocalName is "mac" or "target" or "alias").Remove();
        card.AddFirst(new XElement("mac", new XAttribute("address", address.Value)));
    }

    internal static void Connect(XElement card, NetworkSettings network)
    {
        card.Elements()
            .Where(e => e.Name.LocalName is "source" or "backend" or "portForward" or "ip" or "route" or "virtualport" or "filterref" or "vlan" or "port" or "script")
            .Remove();
        if (network.Mode == NetworkMode.User)
        {
            card.SetAttributeValue("type", "user");
            return;
        }

        card.SetAttributeValue("type", "network");
        card.Element("mac")!.AddAfterSelf(new XElement("source", new XAttribute("network", network.Name)));
    }
}
