using System.Xml.Linq;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>UEFI variables (NVRAM): each clone has its own copy.</summary>
public static class CloneFirmware
{
    /// <summary>The source's NVRAM file; null when it has none.</summary>
    public static AbsolutePath? NvramOf(XElement domain)
    {
        var nvram = domain.Element("os")?.Element("nvram");
        var text = (string?)nvram?.Element("source")?.Attribute("file") ?? nvram?.Value.Trim();
        return AbsolutePath.TryParse(text, out var path) ? path : null;
    }

    /// <summary>
    /// A source that was never started has no NVRAM file yet; libvirt then makes the clone's from the template it names.
    /// </summary>
    internal static void Apply(XElement domain, JobPaths paths)
    {
        ProtectLoader(domain);
        PointAt(domain, paths.Nvram);
    }

    /// <summary>Makes the file the one that the domain's UEFI variables lie in, if it has such a firmware.</summary>
    internal static void PointAt(XElement domain, AbsolutePath file)
    {
        var os = domain.Element("os");
        if (!HasVariables(os) && SourcesNvram(domain) is null)
        {
            return;
        }

        var own = Nvram(domain, file.Value);
        os!.Elements("nvram").Remove();
        os.Add(own);
    }

    /// <summary>Has libvirt make the UEFI variables from the template, under a name of its own choice, where the source has such a firmware.</summary>
    internal static void LeaveToLibvirt(XElement domain)
    {
        if (SourcesNvram(domain) is not null)
        {
            domain.Element("os")!.Add(Nvram(domain, path: null));
        }
    }

    private static XElement Nvram(XElement domain, string? path)
    {
        var source = SourcesNvram(domain);
        return new XElement("nvram", source?.Attribute("template"), source?.Attribute("templateFormat"), source?.Attribute("format"), path);
    }

    private static XElement? SourcesNvram(XElement domain) => DomainWalk.SourceOf(domain).Element("os")?.Element("nvram");

    /// <summary>A firmware that keeps no state has no variables, and libvirt refuses a file for them.</summary>
    private static bool HasVariables(XElement? os) =>
        (string?)os?.Element("loader")?.Attribute("stateless") != "yes"
        && ((string?)os?.Attribute("firmware") == "efi" || (string?)os?.Element("loader")?.Attribute("type") == "pflash");

    /// <summary>QEMU opens the firmware itself for writing where it is not said to be read-only.</summary>
    private static void ProtectLoader(XElement domain)
    {
        var loader = domain.Element("os")?.Element("loader");
        var said = DomainWalk.SourceOf(domain).Element("os")?.Element("loader")?.Attribute("readonly") is not null;

        // libvirt refuses the word where it picks the firmware itself and the source did not say it.
        if (loader is not null && (said || (loader.Value.Trim().Length > 0 && (string?)loader.Attribute("type") == "pflash")))
        {
            loader.SetAttributeValue("readonly", "yes");
        }
    }
}
