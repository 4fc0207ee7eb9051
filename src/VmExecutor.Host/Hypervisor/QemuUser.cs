using System.Globalization;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Hypervisor;

/// <summary>The user as which libvirt runs QEMU (<c>qemu:///system</c>: usually libvirt-qemu); from the capabilities' DAC label.</summary>
internal sealed record QemuUser(uint User, uint Group)
{
    /// <summary>Null: QEMU runs as we do (session), or libvirt does not say.</summary>
    public static QemuUser? Of(string capabilitiesXml)
    {
        var label = XmlText.Parse(capabilitiesXml).Element("host")?.Elements("secmodel")
            .FirstOrDefault(model => (string?)model.Element("model") == "dac")
            ?.Element("baselabel")?.Value;

        // "+64055:+108": the plus tells numbers from names.
        var parts = label?.Split(':') ?? [];
        return parts.Length == 2
            && uint.TryParse(parts[0].TrimStart('+'), NumberStyles.None, CultureInfo.InvariantCulture, out var user)
            && uint.TryParse(parts[1].TrimStart('+'), NumberStyles.None, CultureInfo.InvariantCulture, out var group)
                ? new QemuUser(user, group)
                : null;
    }
}
