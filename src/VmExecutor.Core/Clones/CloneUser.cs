using System.Xml.Linq;
using VmExecutor.Core.Users;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>
/// The user that a clone's QEMU runs as: a static label of libvirt's DAC security driver. libvirt then gives the clone's files to that user, except where
/// the clone boots a kernel from a file of the host. Several clones share that file, and libvirt refuses to give one file to two users; so there
/// the driver gives the clone's own files to the user, and libvirt leaves files alone.
/// </summary>
public static class CloneUser
{
    private const string Dac = "dac";

    /// <param name="domain">The clone's domain XML.</param>
    /// <param name="user">Null: libvirt's one QEMU user.</param>
    public static void Apply(XElement domain, VmUser? user)
    {
        if (user is null)
        {
            return;
        }

        domain.Elements("seclabel").Where(label => (string?)label.Attribute("model") == Dac).Remove();
        if (IsGivenByDriver(domain))
        {
            // libvirt refuses what single files have to say of it, since it changes the owner of none.
            domain.Elements("devices").Descendants("seclabel").Where(label => (string?)label.Attribute("model") == Dac).Remove();
        }

        domain.Add(new XElement(
            "seclabel",
            new XAttribute("type", "static"),
            new XAttribute("model", Dac),
            new XAttribute("relabel", IsGivenByDriver(domain) ? "no" : "yes"),
            new XElement("label", user.Label)));
    }

    /// <summary>True when the driver and not libvirt gives the clone's files to its user.</summary>
    /// <param name="domain">The clone's domain XML, or its source's.</param>
    public static bool IsGivenByDriver(XElement domain) => KernelFiles(domain).Any() && !IsGivenByLibvirt(domain);

    /// <summary>True when the clone boots a kernel from a file of the host and has other files that only libvirt can give away: it needs a copy of the kernel.</summary>
    /// <param name="domain">The clone's domain XML, or its source's.</param>
    public static bool NeedsOwnKernel(XElement domain) => KernelFiles(domain).Any() && IsGivenByLibvirt(domain);

    /// <summary>The kernel and the initrd that libvirt hands to QEMU, each with the name of its element.</summary>
    public static IEnumerable<(string Element, AbsolutePath Path)> KernelFiles(XElement domain)
    {
        foreach (var element in (string[])["kernel", "initrd"])
        {
            if (AbsolutePath.TryParse(domain.Element("os")?.Element(element)?.Value.Trim(), out var path))
            {
                yield return (element, path);
            }
        }
    }

    /// <summary>libvirt itself makes the socket of an emulated TPM, missing UEFI variables and the store for crash logs, and gives them to QEMU's user.</summary>
    private static bool IsGivenByLibvirt(XElement domain) =>
        domain.Element("os")?.Element("nvram") is not null
        || (string?)domain.Element("os")?.Attribute("firmware") == "efi"
        || (string?)domain.Element("os")?.Element("loader")?.Attribute("type") == "pflash"
        || domain.Elements("devices").Elements().Any(device => device.Name.LocalName is "tpm" or "pstore");
}
