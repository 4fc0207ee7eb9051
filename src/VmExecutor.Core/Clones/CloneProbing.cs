using System.Xml.Linq;

namespace VmExecutor.Core.Clones;

/// <summary>
/// Avoids some 400 of libvirt's questions to QEMU at the start of a domain. libvirt asks QEMU for each property of the first processor,
/// one by one, to learn which features the guest lacks (qemu_process.c, qemuProcessFetchGuestCPU). With libvirt 9.0 these are 400 of the
/// 414 monitor commands of a start, and more than half of its time. When libvirt is told that this QEMU cannot name the properties, it
/// reads the processor's feature words in three commands, as for older versions (qemuMonitorJSONGetGuestCPUx86).
/// </summary>
internal static class CloneProbing
{
    /// <summary>Applies to x86 only, where libvirt knows the other way. The command line of QEMU stays the same.</summary>
    public static void Apply(XElement domain)
    {
        if ((string?)domain.Element("os")?.Element("type")?.Attribute("arch") is not ("x86_64" or "i686") || domain.Element(QemuXml.Namespace + "capabilities") is not null)
        {
            return;
        }

        QemuXml.Declare(domain);
        domain.Add(new XElement(QemuXml.Namespace + "capabilities", new XElement(QemuXml.Namespace + "del", new XAttribute("capability", "cpu-unavailable-features"))));
    }
}
