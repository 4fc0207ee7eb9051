using System.Globalization;
using System.Xml.Linq;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>Name, UUID and ownership stamp.</summary>
public static class CloneIdentity
{
    /// <summary>The stamp's XML namespace; an identifier, not an address.</summary>
    public static readonly XNamespace Namespace = "urn:vm-executor:job:1";

    /// <summary>The key of the job that owns a domain; null when the domain is not ours.</summary>
    public static string? OwnerOf(XElement domain) =>
        (string?)domain.Element("metadata")?.Element(Namespace + "job")?.Attribute("key");

    internal static void Apply(XElement domain, ClonePlan plan, OwnershipStamp stamp)
    {
        // The id attribute and the uuid of the SMBIOS tables belong to the source; libvirt demands that the latter match.
        domain.Attribute("id")?.Remove();
        domain.Elements("sysinfo").Elements("system").Elements("entry").Where(entry => (string?)entry.Attribute("name") == "uuid").Remove();
        domain.Elements("genid").ToList().ForEach(genid => genid.RemoveNodes());
        domain.Elements("uuid").Remove();
        domain.Elements("title").Remove();
        domain.SetElementValue("name", plan.Domain.Value);
        domain.Element("name")!.AddAfterSelf(new XElement("uuid", plan.Uuid.ToString("D")));
        var metadata = domain.Element("metadata");
        if (metadata is null)
        {
            metadata = new XElement("metadata");
            domain.Element("uuid")!.AddAfterSelf(metadata);
        }

        metadata.Add(ToXml(stamp));

        // A clone that stopped, for whatever reason, is over.
        domain.SetElementValue("on_poweroff", "destroy");
        domain.SetElementValue("on_crash", "destroy");
    }

    private static XElement ToXml(OwnershipStamp stamp) => new(
        Namespace + "job",
        new XAttribute(XNamespace.Xmlns + "vmx", Namespace.NamespaceName),
        new XAttribute("key", stamp.Key),
        stamp.Project is null ? null : new XAttribute("project", XmlText.Replace(stamp.Project)),
        new XAttribute("image", stamp.Image),
        new XAttribute("runner-pid", stamp.Runner.Pid),
        new XAttribute("runner-start", stamp.Runner.StartTicks),
        // Under another name it would seem to be gone, and the clone left over.
        stamp.TemporaryDirectory is { } directory && XmlText.CanCarry(directory) ? new XAttribute("tmpdir", directory) : null,
        new XAttribute("created", stamp.Created.ToString("O", CultureInfo.InvariantCulture)),
        new XAttribute("expires", stamp.Expires.ToString("O", CultureInfo.InvariantCulture)));
}
