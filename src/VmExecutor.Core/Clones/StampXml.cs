using System.Globalization;
using System.Xml.Linq;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>The ownership stamp as an element of a domain's metadata.</summary>
public static class StampXml
{
    /// <summary>The stamp's XML namespace; an identifier, not an address.</summary>
    public static readonly XNamespace Namespace = "urn:vm-executor:job:1";

    /// <summary>The longest text that is read, in characters: two paths of the longest kind, escaped, have half of it.</summary>
    private const int Longest = 1 << 17;

    /// <summary>The job key in a domain's stamp; null: the domain has no stamp of this driver.</summary>
    public static string? KeyIn(XElement domain) =>
        (string?)domain.Element("metadata")?.Element(Namespace + "job")?.Attribute("key");

    /// <summary>
    /// Reads what libvirt gives as the metadata of our namespace, where it leaves the namespace itself out (virxml.c,
    /// virXMLExtractNamespaceXML); null when it is no stamp of this version of the driver.
    /// </summary>
    public static OwnershipStamp? TryParse(string metadata)
    {
        if (metadata.Length > Longest)
        {
            return null;
        }

        try
        {
            var job = XmlText.Parse(metadata);
            return (job.Name == "job" || job.Name == Namespace + "job") && Read(job) is { } stamp && IsUsable(stamp) ? stamp : null;
        }
        catch (Exception e) when (e is UnreadableXmlException or FormatException or OverflowException)
        {
            return null;
        }
    }

    /// <summary>The stamp in a domain's XML; null: it has none, or none of this version of the driver.</summary>
    public static OwnershipStamp? TryRead(XElement domain) =>
        domain.Element("metadata")?.Element(Namespace + "job") is { } job ? TryParse(job.ToString()) : null;

    public static XElement Write(OwnershipStamp stamp) => new(
        Namespace + "job",
        new XAttribute(XNamespace.Xmlns + "vmx", Namespace.NamespaceName),
        new XAttribute("key", stamp.Key),
        stamp.Job is { } job ? new XAttribute("job", job) : null,
        stamp.User is { } user ? new XAttribute("user", user) : null,
        stamp.Project is null ? null : new XAttribute("project", XmlText.Replace(stamp.Project)),
        new XAttribute("image", stamp.Image),
        stamp.Generation is { } generation ? new XAttribute("generation", generation) : null,
        new XAttribute("runner-pid", stamp.Runner.Pid),
        new XAttribute("runner-start", stamp.Runner.StartTicks),

        // A path that XML cannot say is left out: a wrong one would be missing, and the job taken for a leftover.
        stamp.TemporaryDirectory is { } directory && XmlText.CanCarry(directory) ? new XAttribute("tmpdir", directory) : null,
        new XAttribute("state-dir", XmlText.Replace(stamp.StateDir)),
        new XAttribute("host", XmlText.Replace(stamp.Made.Host)),
        new XAttribute("boot", stamp.Made.Boot),
        stamp.Made.Machine is { } machine ? new XAttribute("machine", machine) : null,
        new XAttribute("processes", stamp.Made.Processes),
        new XAttribute("since-boot", stamp.Made.SinceBoot.ToString("c", CultureInfo.InvariantCulture)),
        new XAttribute("created", stamp.Created.ToString("O", CultureInfo.InvariantCulture)),
        new XAttribute("expires", stamp.Expires.ToString("O", CultureInfo.InvariantCulture)));

    private static bool IsUsable(OwnershipStamp stamp) => RecordTime.IsUsable(stamp.Created) && RecordTime.IsUsable(stamp.Expires) && RecordTime.IsUsable(stamp.Made.SinceBoot);

    private static OwnershipStamp? Read(XElement job)
    {
        var required = new[] { "key", "image", "runner-pid", "runner-start", "state-dir", "host", "boot", "processes", "since-boot", "created", "expires" };
        if (required.Any(name => job.Attribute(name) is null))
        {
            return null;
        }

        string Text(string name) => job.Attribute(name)!.Value;
        return new OwnershipStamp
        {
            Key = Text("key"),
            Job = (string?)job.Attribute("job"),
            User = (string?)job.Attribute("user"),
            Project = (string?)job.Attribute("project"),
            Image = Text("image"),
            Generation = (string?)job.Attribute("generation") is { } generation ? int.Parse(generation, NumberStyles.None, CultureInfo.InvariantCulture) : null,
            Runner = new RunnerProcess(
                int.Parse(Text("runner-pid"), NumberStyles.None, CultureInfo.InvariantCulture),
                long.Parse(Text("runner-start"), NumberStyles.None, CultureInfo.InvariantCulture)),
            TemporaryDirectory = (string?)job.Attribute("tmpdir"),
            StateDir = Text("state-dir"),
            Made = new HostMoment(
                Text("host"), Text("boot"), Text("processes"), TimeSpan.ParseExact(Text("since-boot"), "c", CultureInfo.InvariantCulture), (string?)job.Attribute("machine")),
            Created = DateTimeOffset.ParseExact(Text("created"), "O", CultureInfo.InvariantCulture),
            Expires = DateTimeOffset.ParseExact(Text("expires"), "O", CultureInfo.InvariantCulture),
        };
    }
}
