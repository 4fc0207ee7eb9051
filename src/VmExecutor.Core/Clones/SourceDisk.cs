using System.Xml.Linq;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>A disk of the source that the guest may write to: each clone gets an overlay on it.</summary>
/// <param name="Target">Its name in the guest (<c>vda</c>).</param>
/// <param name="Path">The base file or block device.</param>
/// <param name="Format">What the source says it is; null: qemu-img is asked.</param>
public sealed record SourceDisk(string Target, AbsolutePath Path, string? Format)
{
    /// <summary>The disks of a domain that each clone gets an overlay on; read-only ones, CD-ROMs and floppies are shared as they are.</summary>
    /// <param name="domain">Domain XML.</param>
    /// <param name="purpose">For whom the clone is; a person's clone shares what the source shares with other machines.</param>
    /// <exception cref="SystemFailureException">A disk that cannot be cloned: of a network, encrypted, or passed through.</exception>
    public static IReadOnlyList<SourceDisk> WritableOf(XElement domain, ClonePurpose purpose = ClonePurpose.Job)
    {
        IReadOnlyList<SourceDisk> disks = [.. domain.Elements("devices").Elements("disk").Where(disk => IsWritable(disk, purpose)).Select(Read)];
        return disks.GroupBy(disk => disk.Target).FirstOrDefault(same => same.Count() > 1) is { } twice
            ? throw Unsupported($"two disks of the source have the target '{twice.Key}'", "Give each disk a <target dev='…'/> of its own in the source domain.")
            : disks;
    }

    /// <summary>True when a <c>disk</c> element is one that the guest writes to, so that a clone needs an overlay on it.</summary>
    internal static bool IsWritable(XElement disk, ClonePurpose purpose) =>
        (string?)disk.Attribute("device") is null or "disk" or "lun"
        && disk.Element("readonly") is null
        && (purpose == ClonePurpose.Job || disk.Element("shareable") is null);

    internal static string TargetOf(XElement disk)
    {
        var target = (string?)disk.Element("target")?.Attribute("dev") ?? string.Empty;
        return target.Length is > 0 and <= 32 && target.All(char.IsAsciiLetterOrDigit)
            ? target
            : throw Unsupported($"a disk has no usable target name ('{PlainText.OneLine(target, 60)}')", "Give the disk a <target dev='vda'/> in the source domain.");
    }

    private static SourceDisk Read(XElement disk)
    {
        var target = TargetOf(disk);
        var type = (string?)disk.Attribute("type") ?? "file";
        if ((string?)disk.Attribute("device") == "lun")
        {
            throw new SystemFailureException(
                ErrorCodes.SourceHasPassthrough,
                $"disk '{target}' of the source is a SCSI device passed through (device='lun'); clones cannot share it",
                "Use device='disk' in the source domain.");
        }

        var attribute = type switch
        {
            "file" => "file",
            "block" => "dev",
            _ => throw Unsupported(
                $"disk '{target}' of the source is of type '{type}'; only files and block devices can be cloned",
                "Copy the disk into a qcow2 file (qemu-img convert) and use that in the source domain."),
        };
        if (disk.Elements("source").Elements("slices").Any())
        {
            throw Unsupported($"disk '{target}' of the source is a part of a file (slices)", "Copy it into a file of its own: qemu-img convert.");
        }

        if (disk.Descendants("encryption").Any())
        {
            throw Unsupported($"disk '{target}' of the source is encrypted", "Use an unencrypted base disk, or read-only for encrypted data.");
        }

        return AbsolutePath.TryParse((string?)disk.Element("source")?.Attribute(attribute), out var path)
            ? new SourceDisk(target, path, (string?)disk.Element("driver")?.Attribute("type"))
            : throw Unsupported($"disk '{target}' of the source names no file", "Attach a disk file to it, or remove the disk from the source domain.");
    }

    private static SystemFailureException Unsupported(string message, string hint) => new(ErrorCodes.SourceUnsupported, message, hint);
}
