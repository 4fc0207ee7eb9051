using System.Xml.Linq;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Clones;

/// <summary>CD-ROM and floppy drives of a source whose file is gone: their clones have an empty drive, and an installer's ISO is often gone.</summary>
public static class SourceMedia
{
    /// <summary>A sentence for each. A file that is only out of our reach is not one of them.</summary>
    /// <param name="source">Domain XML.</param>
    public static IReadOnlyList<string> Missing(XElement source) =>
    [
        .. from disk in source.Elements("devices").Elements("disk")
           where (string?)disk.Attribute("device") is "cdrom" or "floppy"
           let medium = disk.Element("source")
           let text = (string?)medium?.Attribute("file") ?? (string?)medium?.Attribute("dev")
           where AbsolutePath.TryParse(text, out var path) && FileStat.IsMissing(path)
           let target = (string?)disk.Element("target")?.Attribute("dev") ?? "?"
           select $"{(string?)disk.Attribute("device")} '{target}' is empty for clones: {text} does not exist. "
               + $"Eject it in the source domain: virsh change-media {ShellText.Quote((string?)source.Element("name") ?? "")} {ShellText.Quote(target)} --eject --config",
    ];
}
