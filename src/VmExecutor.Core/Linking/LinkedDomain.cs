using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Failures;

namespace VmExecutor.Core.Linking;

/// <summary>
/// Derives the definition of a linked clone for people. All hardware stays, networks included; only what two machines on one host
/// cannot both have becomes the clone's own.
/// </summary>
public static class LinkedDomain
{
    /// <param name="source">The source's inactive domain XML; it is not changed.</param>
    /// <param name="plan">What the clone is.</param>
    /// <exception cref="SystemFailureException">The source has something that a clone would spoil.</exception>
    public static XElement Derive(XElement source, LinkPlan plan)
    {
        RefuseWritableMemory(source);
        var domain = new XElement(source);
        CloneIdentity.Rename(domain, plan.Name.Value, plan.Uuid);
        LinkStamp.Apply(domain, plan);
        ApplyDisks(domain, plan);
        ApplyFirmware(domain, plan);
        ApplyNetwork(domain, plan);
        LinkEndpoints.Apply(domain, plan);
        return domain;
    }

    /// <summary>
    /// What an overlay stands on is written into the definition: virt-manager shows it, and libvirt labels the base files without looking into the
    /// overlays' headers first. A disk that is flattened or rebased while the clone is off contradicts it then; for that there is
    /// <see cref="LinkPlan.StatesChains"/> (formatdomain, backingStore).
    /// </summary>
    private static void ApplyDisks(XElement domain, LinkPlan plan)
    {
        var links = plan.Disks.ToDictionary(disk => disk.Target);
        foreach (var disk in domain.Elements("devices").Elements("disk"))
        {
            CloneDisks.ForgetRunningState(disk);
            if (SourceDisk.IsWritable(disk, ClonePurpose.Person))
            {
                var link = links[SourceDisk.TargetOf(disk)];
                var (_, overlay) = CloneDisks.PointAt(disk, link.Overlay.Value);
                if (plan.StatesChains && BackingStore.CanState(link.Base))
                {
                    overlay.AddAfterSelf(BackingStore.Of(link.Base, keepOwners: false));
                }
            }
        }
    }

    private static void ApplyFirmware(XElement domain, LinkPlan plan)
    {
        var nvram = domain.Element("os")?.Element("nvram");
        if ((string?)nvram?.Attribute("type") is { } type and not "file")
        {
            throw new SystemFailureException(
                ErrorCodes.SourceUnsupported,
                $"the UEFI variables (nvram) of '{plan.Source}' are of type '{type}'; only a file can be copied",
                "Let the source keep them in a file (virsh edit).");
        }

        if (plan.Nvram is { } copy)
        {
            CloneFirmware.PointAt(domain, copy.To);
        }
        else
        {
            // libvirt makes the clone's from the template, under a name of its own choice.
            nvram?.RemoveNodes();
            nvram?.SetAttributeValue("type", null);
        }
    }

    private static void ApplyNetwork(XElement domain, LinkPlan plan)
    {
        var cards = domain.Elements("devices").Elements("interface").ToList();
        for (var index = 0; index < cards.Count; index++)
        {
            CloneNetwork.MakeOwn(cards[index], plan.Mac(index));
        }
    }

    private static void RefuseWritableMemory(XElement source)
    {
        var writable = source.Elements("devices").Elements("memory")
            .Where(memory => (string?)memory.Attribute("model") is "nvdimm" or "virtio-pmem")
            .FirstOrDefault(memory => !memory.Elements("target").Elements("readonly").Any());
        if (writable is not null)
        {
            throw new SystemFailureException(
                ErrorCodes.SourceUnsupported,
                $"'{(string?)source.Element("name")}' has persistent memory in {(string?)writable.Element("source")?.Element("path") ?? "a file"}, which source and clone would both write to",
                "Make it read-only in the source domain (virsh edit: target, readonly), or remove it.");
        }
    }
}
