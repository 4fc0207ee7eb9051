using System.Xml.Linq;
using VmExecutor.Core.Guests.Login;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>
/// Gives the guest the login that it lets in: a disk with a seed for cloud-init, or strings in the SMBIOS tables for systemd.
/// </summary>
internal static class CloneLogin
{
    public static void Apply(XElement domain, LoginMaterial login)
    {
        if (login.Seed is { } seed)
        {
            AddSeed(domain.Element("devices")!, seed);
        }

        if (login.OemStrings.Count > 0)
        {
            AddOemStrings(domain, login.OemStrings);
        }
    }

    /// <summary>
    /// A virtio disk, not a CD-ROM: no CD-ROM bus is there on every machine type, and the kernels of many cloud images have a driver for
    /// this one only. Without a seclabel, so that libvirt gives the file, which is its owner's alone, to QEMU's user.
    /// </summary>
    private static void AddSeed(XElement devices, AbsolutePath seed)
    {
        // The last name that is free: libvirt gives places on the bus in the names' order, so the source's disks stay vda and vdb in the guest.
        var taken = devices.Elements("disk").Elements("target").Select(target => (string?)target.Attribute("dev")).ToHashSet();
        var target = Enumerable.Range(0, 26).Select(index => $"vd{(char)('z' - index)}").First(name => !taken.Contains(name));
        var disk = new XElement(
            "disk",
            new XAttribute("type", "file"),
            new XAttribute("device", "disk"),
            new XElement("driver", new XAttribute("name", "qemu"), new XAttribute("type", "raw")),
            new XElement("source", new XAttribute("file", seed.Value)),
            new XElement("target", new XAttribute("dev", target), new XAttribute("bus", "virtio")),
            new XElement("readonly"));
        if (devices.Elements("disk").LastOrDefault() is { } last)
        {
            last.AddAfterSelf(disk);
        }
        else
        {
            devices.Add(disk);
        }
    }

    private static void AddOemStrings(XElement domain, IReadOnlyList<string> strings)
    {
        var os = domain.Element("os")!;
        var shown = (string?)os.Element("smbios")?.Attribute("mode") == "sysinfo";
        os.Elements("smbios").Remove();
        os.Add(new XElement("smbios", new XAttribute("mode", "sysinfo")));

        var sysinfo = domain.Elements("sysinfo").FirstOrDefault(element => (string?)element.Attribute("type") == "smbios");
        if (sysinfo is null)
        {
            sysinfo = new XElement("sysinfo", new XAttribute("type", "smbios"));
            os.AddBeforeSelf(sysinfo);
        }
        else if (!shown)
        {
            // The source's guest did not see it, and the clone's hardware is to be the same.
            sysinfo.RemoveNodes();
        }

        var oem = sysinfo.Element("oemStrings");
        if (oem is null)
        {
            sysinfo.Add(oem = new XElement("oemStrings"));
        }

        oem.Add(strings.Select(text => new XElement("entry", text)));
    }
}
