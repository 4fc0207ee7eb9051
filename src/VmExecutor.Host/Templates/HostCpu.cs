using System.Security.Cryptography;
using System.Text;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Templates;

/// <summary>Describes the host's processor as a guest can see it under KVM.</summary>
internal static class HostCpu
{
    /// <summary>
    /// Its model, and a hash of everything that libvirt and the kernel say of it: features, microcode, the kernel that runs KVM.
    /// </summary>
    public static string Describe(string capabilitiesXml)
    {
        var cpu = XmlText.Parse(capabilitiesXml).Element("host")?.Element("cpu");
        var text = $"{cpu}\n{Environment.OSVersion.Version}";
        return $"{cpu?.Element("model")?.Value ?? "unknown"} {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..8]}";
    }
}
