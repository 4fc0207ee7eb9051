using System.Xml.Linq;

namespace VmExecutor.Core.Clones;

/// <summary>
/// Spares libvirt some 400 questions at the start of a domain. It asks QEMU for each property of the first processor, one by one, to learn which
/// features the guest has not got (qemu_process.c, qemuProcessFetchGuestCPU): 400 of the 414 monitor commands of a start with libvirt 9.0,
/// and more than half of its time. Told that this QEMU cannot name them, it reads the processor's feature words in three commands, as it does
/// for older ones (qemuMonitorJSONGetGuestCPUx86).
/// </summary>
internal static class CloneProbing
{
    /// <summary>Only for x86, where libvirt has the other way. The command line of QEMU stays the same.</summary>
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
