using System.Xml.Linq;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Health;

/// <summary>The facts in libvirt's capabilities of a host (formatcaps) that this driver needs.</summary>
/// <param name="Emulator">QEMU for the host's own architecture; null: there is none.</param>
/// <param name="OffersKvm">Whether it has the domain type kvm.</param>
/// <param name="Confinement">Which of AppArmor and SELinux libvirt confines QEMU with.</param>
public sealed record HostCapabilities(string? Emulator, bool OffersKvm, SecurityDriver Confinement)
{
    public static HostCapabilities Parse(string xml)
    {
        var root = XmlText.Parse(xml);
        var own = root?.Elements("guest").Elements("arch").FirstOrDefault(arch => (string?)arch.Attribute("name") == HostArchitecture.Name);
        var models = root?.Element("host")?.Elements("secmodel").Select(model => (string?)model.Element("model")).ToList() ?? [];
        return new HostCapabilities(
            own?.Element("emulator")?.Value,
            own?.Elements("domain").Any(domain => (string?)domain.Attribute("type") == "kvm") == true,
            models.Contains("selinux") ? SecurityDriver.SELinux : models.Contains("apparmor") ? SecurityDriver.AppArmor : SecurityDriver.None);
    }
}
