using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Images.Registries;

/// <summary>The domain XML of a generation on its way through a registry: without secrets of the host that pushes, and with no file of the host that pulls.</summary>
public static class ArtifactDomain
{
    // Where packages put firmware and emulators; nothing there is secret.
    private static readonly string[] Places = ["/usr/"];

    /// <summary>The XML without what people write into it and what can be a password.</summary>
    /// <param name="frozen">The generation's domain XML.</param>
    /// <exception cref="SystemFailureException">It has a disk that is not the generation's.</exception>
    public static XElement ForPush(XElement frozen)
    {
        var domain = new XElement(frozen);
        domain.Elements().Where(element => element.Name.LocalName is "metadata" or "description" or "title").Remove();

        // OEM strings and fw_cfg carry systemd's credentials.
        domain.Elements("sysinfo").Elements().Where(element => element.Name.LocalName is "oemStrings" or "entry").Remove();
        domain.Descendants().Attributes().Where(attribute => attribute.Name.LocalName is "passwd" or "passwdValidTo" or "password").Remove();
        foreach (var disk in domain.Elements("devices").Elements("disk").Where(disk => !SourceDisk.IsWritable(disk, ClonePurpose.Job)))
        {
            if ((string?)disk.Attribute("device") is not ("cdrom" or "floppy"))
            {
                throw new SystemFailureException(
                    ErrorCodes.OciImageUnusable,
                    $"disk '{SourceDisk.TargetOf(disk)}' of the generation is shared read-only and lies on this host alone, so the generation cannot be pushed",
                    "Take the disk out of the source, or put what it has onto the image's own disk; then publish again.");
            }

            disk.Elements().Where(element => element.Name.LocalName is "source" or "backingStore").Remove();
        }

        if (Trouble(domain) is { } trouble)
        {
            throw new SystemFailureException(
                ErrorCodes.OciImageUnusable,
                $"the generation cannot be pushed: its definition {trouble}",
                "Take it out of the source domain (virsh edit), or let it name a file that a package has installed in /usr; then publish again.");
        }

        return WithoutIndentation(domain);
    }

    /// <summary>The same without white space between elements, so that it is written in one way on each host.</summary>
    public static XElement WithoutIndentation(XElement domain)
    {
        domain.DescendantNodes().OfType<XText>().Where(text => text.Parent?.HasElements == true && string.IsNullOrWhiteSpace(text.Value)).ToList().ForEach(text => text.Remove());
        return domain;
    }

    /// <summary>The reason why a domain XML of a registry is not used, as the end of a sentence; null: there is none.</summary>
    public static string? Trouble(XElement domain)
    {
        if (domain.Name != "domain")
        {
            return "has a domain.xml that is no domain";
        }

        if (domain.Elements("devices").Elements("disk").FirstOrDefault(disk => !SourceDisk.IsWritable(disk, ClonePurpose.Job) && disk.Element("source") is not null) is { } foreign)
        {
            return $"has a disk that is none of its own files: '{PlainText.OneLine((string?)foreign.Element("target")?.Attribute("dev") ?? "", 40)}'";
        }

        return FilesOf(domain).Concat(FurtherPaths(domain)).FirstOrDefault(path => !IsOfPackages(path)) is { } odd
            ? $"names the file {PlainText.OneLine(odd, 200)} of this host, and an image of a registry may name firmware and emulators in /usr and no other file"
            : null;
    }

    /// <summary>The parts that are names of files, also where they are no whole path: QEMU runs in <c>/</c>.</summary>
    private static IEnumerable<string> FilesOf(XElement domain)
    {
        var os = domain.Elements("os").ToList();
        string?[] files =
        [
            .. os.Elements().Where(element => element.Name.LocalName is "loader" or "dtb" or "shim").Select(element => element.Value),
            .. os.Elements("acpi").Elements("table").Select(table => table.Value),
            .. os.Elements("nvram").Select(nvram => (string?)nvram.Attribute("template")),
            .. domain.Elements("devices").Elements("emulator").Select(emulator => emulator.Value),
            .. domain.Elements("sysinfo").Elements("entry").Select(entry => (string?)entry.Attribute("file")),
        ];
        return files.Select(path => path?.Trim()).OfType<string>().Where(path => path.Length > 0);
    }

    /// <summary>All else of what a job's clone has of a definition that looks like a path.</summary>
    private static IEnumerable<string> FurtherPaths(XElement domain)
    {
        var (kept, _) = DomainWalk.Through(domain, ClonePurpose.Job, new HashSet<string>());
        return kept.DescendantsAndSelf().SelectMany(element => element.Attributes().Select(attribute => attribute.Value).Append(element.HasElements ? "" : element.Value))
            .Select(value => value.Trim()).Where(value => value.StartsWith('/'));
    }

    private static bool IsOfPackages(string path) =>
        path is "/dev/urandom" or "/dev/random" || (Places.Any(place => path.StartsWith(place, StringComparison.Ordinal)) && !path.Contains("..", StringComparison.Ordinal));
}
