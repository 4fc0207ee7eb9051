using System.Xml.Linq;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Jobs;

namespace VmExecutor.Core.Clones;

/// <summary>Name, UUID and ownership stamp.</summary>
internal static class CloneIdentity
{
    public static void Apply(XElement domain, ClonePlan plan, OwnershipStamp stamp)
    {
        Rename(domain, plan.Domain.Value, plan.Uuid);
        MetadataOf(domain).Add(StampXml.Write(stamp));

        // A clone that stopped, for whatever reason, is over.
        domain.SetElementValue("on_poweroff", "destroy");
        domain.SetElementValue("on_crash", "destroy");
    }

    /// <summary>Gives it a name and a UUID of its own, and a generation id where the source has one.</summary>
    internal static void Rename(XElement domain, string name, Guid uuid)
    {
        var hasGenerationId = DomainWalk.SourceOf(domain).Element("genid") is not null;
        domain.Elements().Where(element => element.Name.LocalName is "name" or "uuid" or "genid").Remove();
        domain.AddFirst(
            new XElement("name", name),
            new XElement("uuid", uuid.ToString("D")),

            // libvirt fills in a new one.
            hasGenerationId ? new XElement("genid") : null);
    }

    /// <summary>The element for what tools record about a domain; it is made if it is not there.</summary>
    internal static XElement MetadataOf(XElement domain)
    {
        var metadata = domain.Element("metadata");
        if (metadata is null)
        {
            metadata = new XElement("metadata");
            domain.Element("uuid")!.AddAfterSelf(metadata);
        }

        return metadata;
    }
}
