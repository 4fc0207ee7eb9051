using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Templates;

/// <summary>
/// A template's machine as libvirt made it, with the address of every device: QEMU reads a state only into the same devices. It is kept
/// without the template's own parts, and each clone's machine is made of it.
/// </summary>
public static class TemplateDomain
{
    private const string SeedRole = TemplateRole.Seed;

    /// <summary>The XML to keep.</summary>
    /// <param name="running">The template's XML as libvirt tells it, inactive form.</param>
    /// <param name="seed">The template's login disk, if it has one.</param>
    public static XElement Freeze(XElement running, AbsolutePath? seed)
    {
        var domain = new XElement(running);
        CloneMemory.Remove(domain);
        domain.Attribute("id")?.Remove();
        domain.Elements().Where(element => element.Name.LocalName is "uuid" or "metadata" or "seclabel" or "resource").Remove();
        domain.SetElementValue("name", "template");
        foreach (var disk in domain.Elements("devices").Elements("disk"))
        {
            var source = disk.Element("source");
            if (seed is not null && (string?)source?.Attribute("file") == seed.Value)
            {
                disk.Element("source")!.ReplaceWith(new XElement("source", new XAttribute("file", SeedRole)));
            }
            else if (SourceDisk.IsWritable(disk, ClonePurpose.Job))
            {
                disk.Elements().Where(element => element.Name.LocalName is "backingStore" or "mirror").Remove();
                source!.ReplaceWith(new XElement("source", new XAttribute("file", SourceDisk.TargetOf(disk))));
            }
        }

        return domain;
    }

    /// <summary>A clone's machine, which waits for the template's state.</summary>
    /// <param name="frozen">What <see cref="Freeze"/> has kept.</param>
    /// <param name="template">The template whose memory the clone gets.</param>
    /// <param name="plan">The plan of the clone.</param>
    /// <param name="stamp">The ownership stamp.</param>
    /// <param name="chains">For each writable disk's target: the template's overlay and what it stands on.</param>
    public static XElement Thaw(
        XElement frozen, Template template, ClonePlan plan, OwnershipStamp stamp, IReadOnlyDictionary<string, BackingChain> chains)
    {
        var domain = new XElement(frozen);
        CloneIdentity.Apply(domain, plan, stamp);
        var seed = domain.Elements("devices").Elements("disk").FirstOrDefault(disk => (string?)disk.Element("source")?.Attribute("file") == SeedRole);
        CloneDisks.Apply(domain, plan, chains);

        // Given to QEMU's user by libvirt, for as long as the clone lives: a copy of the clone's own, since it holds a host key.
        seed?.Element("source")!.ReplaceWith(new XElement("source", new XAttribute("file", plan.Paths.Seed.Value)));
        CloneFirmware.Apply(domain, plan.Paths);
        CloneEndpoints.Apply(domain, plan.Paths);
        CloneDevices.Apply(domain, plan.Paths);
        CloneMemory.Apply(domain, new MemoryFile(template.Ram, IsTemplate: false) { IsReadOnly = template.Record.IsMemoryReadOnly }, incoming: true);
        CloneProbing.Apply(domain);
        CloneUser.Apply(domain, plan.User);
        return domain;
    }

    /// <summary>
    /// The card that is plugged into a clone in place of the card that its template gave up, at the same address of the bus.
    /// </summary>
    /// <param name="card">What was unplugged.</param>
    /// <param name="plan">The clone.</param>
    public static XElement PlugIn(XElement card, ClonePlan plan)
    {
        var own = new XElement(card);
        CloneNetwork.MakeOwn(own, CloneNetwork.KeptAddress(card, plan) ?? plan.Mac(0).Value);
        CloneNetwork.Connect(own, plan);
        return own;
    }

    /// <summary>The card that is unplugged before the template is frozen; its like is plugged into each clone in its place.</summary>
    /// <param name="running">The template's XML.</param>
    /// <returns>Null: it has none.</returns>
    public static XElement? CardOf(XElement running) => running.Elements("devices").Elements("interface").FirstOrDefault();
}
