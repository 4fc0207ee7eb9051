using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Images;

/// <summary>
/// A generation's domain XML. On the disk it names the generation's files by their role, so that a generation that is renamed or
/// published in place is one and the same; read again, it is a source domain like any other.
/// </summary>
public static class FrozenDomain
{
    public const string KernelRole = "kernel";
    public const string InitrdRole = "initrd";
    public const string NvramRole = "nvram";

    /// <summary>True when a role is a disk's target; libvirt never names a disk like the other roles.</summary>
    public static bool IsDisk(string role) => role is not (KernelRole or InitrdRole or NvramRole);

    /// <summary>The files of a source that a generation needs, each with its role, in the order of the XML.</summary>
    /// <exception cref="SystemFailureException">A disk that cannot be cloned, or a kernel that is no file.</exception>
    public static IReadOnlyList<(string Role, AbsolutePath Path, string? Format)> FilesOf(XElement source)
    {
        var files = SourceDisk.WritableOf(source).Select(disk => (disk.Target, disk.Path, disk.Format)).ToList();
        files.AddRange(from role in new[] { KernelRole, InitrdRole }
                       let path = PathIn(source.Element("os")?.Element(role))
                       where path is not null
                       select (role, path, (string?)null));
        if (CloneFirmware.NvramOf(source) is { } nvram)
        {
            files.Add((NvramRole, nvram, null));
        }

        return files;
    }

    /// <summary>The source's XML as it is kept.</summary>
    /// <param name="source">Inactive domain XML; it is not changed.</param>
    /// <param name="files">What became of its files.</param>
    public static XElement Freeze(XElement source, IReadOnlyList<GenerationFile> files)
    {
        var domain = new XElement(source);
        Replace(domain, files, file => file.Role);
        return domain;
    }

    /// <summary>The kept XML as a source to clone from.</summary>
    /// <exception cref="SystemFailureException">It names a file that the generation does not have.</exception>
    public static XElement Thaw(XElement frozen, Generation generation)
    {
        var domain = new XElement(frozen);
        Replace(domain, generation.Record.Files, file => generation.PathOf(file).Value);
        return domain;
    }

    private static void Replace(XElement domain, IReadOnlyList<GenerationFile> files, Func<GenerationFile, string> name)
    {
        foreach (var disk in domain.Elements("devices").Elements("disk").Where(disk => SourceDisk.IsWritable(disk, ClonePurpose.Job)))
        {
            Use(disk, Find(files, SourceDisk.TargetOf(disk)), name);
        }

        var os = domain.Element("os");
        foreach (var role in new[] { KernelRole, InitrdRole })
        {
            if (os?.Element(role) is { } element)
            {
                element.Value = name(Find(files, role));
            }
        }

        if (os?.Element("nvram") is { } nvram)
        {
            // Without one of its own a generation must not name the source's, which may come to be or change later: the template is used then.
            nvram.RemoveNodes();
            nvram.Attribute("type")?.Remove();
            if (files.FirstOrDefault(file => file.Role == NvramRole) is { } kept)
            {
                nvram.Value = name(kept);
            }
        }
    }

    private static void Use(XElement disk, GenerationFile file, Func<GenerationFile, string> name)
    {
        disk.SetAttributeValue("type", "file");
        disk.Elements().Where(element => element.Name.LocalName is "backingStore" or "mirror" or "source").Remove();
        var driver = disk.Element("driver");
        if (driver is null)
        {
            disk.AddFirst(driver = new XElement("driver", new XAttribute("name", "qemu")));
        }

        driver.SetAttributeValue("type", file.Format);
        driver.AddAfterSelf(new XElement("source", new XAttribute("file", name(file))));
    }

    private static GenerationFile Find(IReadOnlyList<GenerationFile> files, string role) =>
        files.FirstOrDefault(file => file.Role == role) ?? throw new SystemFailureException(
            ErrorCodes.GenerationDamaged,
            $"the generation has no file for '{role}', which its domain.xml needs",
            "Publish the image again: vm-executor image publish NAME");

    private static AbsolutePath? PathIn(XElement? element) => element is null
        ? null
        : AbsolutePath.TryParse(element.Value.Trim(), out var path)
            ? path
            : throw new SystemFailureException(
                ErrorCodes.SourceUnsupported, $"the source's {element.Name} is '{element.Value}', which is no file", "Correct it in the source domain.");
}
