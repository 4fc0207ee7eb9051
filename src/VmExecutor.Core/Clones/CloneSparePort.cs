using System.Xml.Linq;

namespace VmExecutor.Core.Clones;

/// <summary>
/// A free place for one more network card, which a running machine is given when its job has services that are VMs (<see cref="Services.ServiceNetwork"/>). A PCI Express
/// machine takes cards only at root ports. libvirt puts devices into the ports that a definition has before it adds others, so the spare one is QEMU's alone: behind
/// all devices, so that no address of theirs depends on it. Machines with a plain PCI bus (i440fx) take cards there.
/// </summary>
internal static class CloneSparePort
{
    public const string Id = "vmx-service-port";

    /// <summary>
    /// As JSON, since QEMU makes devices that are said so after all others, and in their order. No port of libvirt's has this chassis number: those count from 1.
    /// </summary>
    private const string Device = $$"""{"driver":"pcie-root-port","id":"{{Id}}","chassis":250}""";

    public static void Apply(XElement domain, ClonePlan plan)
    {
        var machine = (string?)domain.Element("os")?.Element("type")?.Attribute("machine") ?? "";
        if (plan.HasSparePort && (machine.Contains("q35", StringComparison.Ordinal) || machine.StartsWith("virt", StringComparison.Ordinal)))
        {
            QemuXml.Add(domain, ["-device", Device]);
        }
    }
}
