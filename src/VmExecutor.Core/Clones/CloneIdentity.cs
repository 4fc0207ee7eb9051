using System.Xml.Linq;
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

    /// <summary>Gives it a name and a UUID of its own, and takes away what is said of the source in their place.</summary>
    internal static void Rename(XElement domain, string name, Guid uuid)
    {
        // The id attribute and the uuid of the SMBIOS tables belong to the source; libvirt demands that the latter match.
        domain.Attribute("id")?.Remove();
        domain.Elements("sysinfo").Elements("system").Elements("entry").Where(entry => (string?)entry.Attribute("name") == "uuid").Remove();
        domain.Elements("genid").ToList().ForEach(genid => genid.RemoveNodes());
        domain.Elements("uuid").Remove();
        domain.Elements("title").Remove();
        domain.SetElementValue("name", name);
        domain.Element("name")!.AddAfterSelf(new XElement("uuid", uuid.ToString("D")));
    }

    /// <summary>Where tools put what they want to know of a domain; made if it is not there.</summary>
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
