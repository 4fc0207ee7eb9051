using System.Globalization;
using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Linking;

/// <summary>
/// The origin of a clone, in its metadata: its source, and every file that it stands on. By it the clones of a source are found later.
/// It is no ownership stamp: a clone for people is never a leftover of a job.
/// </summary>
public static class LinkStamp
{
    /// <summary>An identifier, not an address.</summary>
    public static readonly XNamespace Namespace = "urn:vm-executor:link:1";

    /// <summary>
    /// True when a clone with this metadata, as libvirt gives it (without the namespace itself), stands on one of these files.
    /// </summary>
    public static bool StandsOn(string metadata, IReadOnlyCollection<AbsolutePath> files)
    {
        try
        {
            return XmlText.Parse(metadata).Elements()
                .Where(element => element.Name.LocalName == "base")
                .Any(element => AbsolutePath.TryParse((string?)element.Attribute("path"), out var path) && files.Contains(path));
        }
        catch (UnreadableXmlException)
        {
            return false;
        }
    }

    /// <summary>A clone of a clone has its own in place of that one's; the stamp of a job is that job's alone.</summary>
    internal static void Apply(XElement domain, LinkPlan plan)
    {
        var metadata = CloneIdentity.MetadataOf(domain);
        metadata.Elements().Where(element => element.Name.Namespace == Namespace || element.Name.Namespace == StampXml.Namespace).Remove();
        metadata.Add(new XElement(
            Namespace + "link",
            new XAttribute(XNamespace.Xmlns + "vml", Namespace.NamespaceName),
            new XAttribute("source", XmlText.Replace(plan.Source)),
            new XAttribute("created", plan.Created.ToString("O", CultureInfo.InvariantCulture)),
            plan.Bases.Select(path => new XElement(Namespace + "base", new XAttribute("path", path.Value)))));
    }
}
