using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using VmExecutor.Core.Clones;

namespace VmExecutor.Core.Templates;

/// <summary>A clone's machine without what is a single clone's own: equal for all clones that one template fits.</summary>
internal static class MachineDefinition
{
    /// <summary>A hash of it; sizes are not in it, since people want to be told of them by name.</summary>
    /// <param name="clone">A clone's domain XML as <see cref="LinkedClone.Derive"/> makes it; it is not changed.</param>
    public static string Hash(XElement clone) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Neutral(clone).ToString(SaveOptions.DisableFormatting))))[..16];

    private static XElement Neutral(XElement clone)
    {
        var domain = new XElement(clone);
        domain.Elements().Where(element => element.Name.LocalName is "name" or "uuid" or "metadata" or "memory" or "currentMemory" or "vcpu").Remove();
        domain.Elements("os").Elements().Where(element => element.Name.LocalName is "kernel" or "initrd" or "nvram").ToList().ForEach(file => file.RemoveNodes());

        // What systemd is told of who may log in differs from job to job; that it is told something does not.
        domain.Elements("sysinfo").Elements("oemStrings").Elements("entry").ToList().ForEach(entry => entry.RemoveNodes());
        // A template's memory is readable for the pool of users, or for libvirt's one QEMU user: so it matters that there is one, and not which.
        domain.Elements("seclabel").Elements("label").ToList().ForEach(label => label.RemoveNodes());
        var devices = domain.Element("devices");
        devices?.Elements("disk").Elements().Where(element => element.Name.LocalName is "source" or "backingStore").Remove();
        devices?.Elements("serial").Elements("source").Remove();
        devices?.Elements("interface").Elements().Where(element => element.Name.LocalName is "mac" or "source" or "target").Remove();
        return domain;
    }
}
