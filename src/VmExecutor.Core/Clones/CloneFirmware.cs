using System.Xml.Linq;
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
    internal static void Apply(XElement domain, JobPaths paths) => PointAt(domain, paths.Nvram);

    /// <summary>Makes the file the one that the domain's UEFI variables lie in, if it has such a firmware.</summary>
    internal static void PointAt(XElement domain, AbsolutePath file)
    {
        var os = domain.Element("os");
        var nvram = os?.Element("nvram");
        if (nvram is not null)
        {
            nvram.ReplaceWith(new XElement(
                "nvram",
                nvram.Attribute("template"),
                nvram.Attribute("templateFormat"),
                nvram.Attribute("format"),
                file.Value));
        }
        else if ((string?)os?.Attribute("firmware") == "efi" || (string?)os?.Element("loader")?.Attribute("type") == "pflash")
        {
            os!.Add(new XElement("nvram", file.Value));
        }
    }
}
