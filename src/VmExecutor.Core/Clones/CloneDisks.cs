using System.Xml.Linq;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.Clones;

/// <summary>Writable disks become overlays with their whole backing chain written out; the others are shared, read-only.</summary>
internal static class CloneDisks
{
    public static void Apply(XElement domain, ClonePlan plan, IReadOnlyDictionary<string, BackingChain> chains)
    {
        foreach (var disk in domain.Elements("devices").Elements("disk"))
        {
            ForgetRunningState(disk);
            if (SourceDisk.IsWritable(disk, ClonePurpose.Job))
            {
                var target = SourceDisk.TargetOf(disk);
                UseOverlay(disk, plan.Paths.Overlay(target).Value, chains[target], plan.Image.Disks);
            }
            else
            {
                Share(disk);
            }
        }
    }

    /// <summary>Removes the source's running state (indices, aliases, a mirror job); libvirt makes it anew.</summary>
    internal static void ForgetRunningState(XElement disk) =>
        disk.Elements().Where(e => e.Name.LocalName is "backingStore" or "mirror" or "alias").Remove();

    /// <summary>Makes the disk one that lies in a qcow2 file; returns its <c>driver</c> and its <c>source</c>.</summary>
    internal static (XElement Driver, XElement Source) PointAt(XElement disk, string overlay)
    {
        disk.SetAttributeValue("type", "file");
        var driver = disk.Element("driver");
        if (driver is null)
        {
            disk.AddFirst(driver = new XElement("driver", new XAttribute("name", "qemu")));
        }

        driver.SetAttributeValue("type", "qcow2");
        var source = new XElement("source", new XAttribute("file", overlay));
        disk.Elements("source").Remove();
        driver.AddAfterSelf(source);
        return (driver, source);
    }

    private static void UseOverlay(XElement disk, string overlay, BackingChain chain, DiskSettings settings)
    {
        var (driver, source) = PointAt(disk, overlay);
        driver.SetAttributeValue("cache", settings.Cache.ToString().ToLowerInvariant());
        driver.SetAttributeValue("discard", settings.Discard.ToString().ToLowerInvariant());

        // io='native' is only allowed with a cache mode that bypasses the host's page cache.
        driver.SetAttributeValue("io", null);
        source.AddAfterSelf(BackingStore.Of(chain, keepOwners: true));
    }

    private static void Share(XElement disk)
    {
        if (disk.Element("readonly") is null)
        {
            disk.Add(new XElement("readonly"));
        }

        var source = disk.Element("source");
        if ((string?)disk.Attribute("device") is "cdrom" or "floppy")
        {
            // libvirt opens the drive without what is gone (formatdomain, startupPolicy), and a drive without anything has no other type.
            disk.SetAttributeValue("type", source is null ? "file" : (string?)DomainWalk.SourceOf(disk).Attribute("type") ?? "file");
            source?.SetAttributeValue("startupPolicy", "optional");
        }

        if (source is not null && !source.Elements("seclabel").Any(label => (string?)label.Attribute("model") == "dac"))
        {
            source.SetAttributeValue("index", null);
            source.Add(BackingStore.LeaveOwnerAlone());
        }
    }
}
