using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Failures;

namespace VmExecutor.Core.Linking;

/// <summary>
/// Derives the definition of a linked clone for people by the table of parts. All hardware stays, networks included; only what two machines
/// on one host cannot both have becomes the clone's own.
/// </summary>
public static class LinkedDomain
{
    /// <param name="source">The source's inactive domain XML; it is not changed.</param>
    /// <param name="plan">The plan of the clone.</param>
    /// <exception cref="SystemFailureException">The source has parts that a clone would spoil or that are not known; all of them are named.</exception>
    public static XElement Derive(XElement source, LinkPlan plan)
    {
        var (domain, findings) = DomainWalk.Through(source, ClonePurpose.Person, plan.AllowParts);
        DomainReview.Demand(source, ClonePurpose.Person, findings);
        CloneIdentity.Rename(domain, plan.Name.Value, plan.Uuid);
        LinkStamp.Apply(domain, plan);
        ApplyDisks(domain, plan);
        ApplyFirmware(domain, plan);
        ApplyNetwork(domain, plan);
        LinkEndpoints.Apply(domain, plan);
        CloneOrder.Apply(domain);
        return domain;
    }

    /// <summary>
    /// Writes the files below each overlay into the definition: virt-manager shows them, and libvirt labels the base files without looking into the
    /// overlays' headers first. A disk that is flattened or rebased while the clone is off contradicts it then; for that there is
    /// <see cref="LinkPlan.StatesChains"/> (formatdomain, backingStore).
    /// </summary>
    private static void ApplyDisks(XElement domain, LinkPlan plan)
    {
        var links = plan.Disks.ToDictionary(disk => disk.Target);
        foreach (var disk in domain.Elements("devices").Elements("disk"))
        {
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
        if (plan.Nvram is { } copy)
        {
            CloneFirmware.PointAt(domain, copy.To);
        }
        else
        {
            CloneFirmware.LeaveToLibvirt(domain);
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
}
