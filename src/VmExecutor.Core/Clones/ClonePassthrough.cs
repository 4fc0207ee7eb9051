using System.Xml.Linq;
using VmExecutor.Core.Failures;

namespace VmExecutor.Core.Clones;

/// <summary>Devices of the host that a source was given: two clones cannot both have them, and a job must not.</summary>
internal static class ClonePassthrough
{
    /// <exception cref="SystemFailureException">There is one; all of them are named.</exception>
    public static void Refuse(XElement domain)
    {
        var found = Find(domain);
        if (found.Count > 0)
        {
            throw new SystemFailureException(
                ErrorCodes.SourceHasPassthrough,
                $"the source domain '{(string?)domain.Element("name")}' has devices of the host that clones cannot share: {string.Join(", ", found)}",
                "Remove them from the source domain (virsh edit), or make a domain without them for CI.");
        }
    }

    /// <summary>All there are, each in a few words.</summary>
    internal static IReadOnlyList<string> Find(XElement domain) =>
        [.. domain.Elements("devices").Elements().Select(Describe).OfType<string>()];

    private static string? Describe(XElement device) => (device.Name.LocalName, (string?)device.Attribute("type")) switch
    {
        ("hostdev", var type) => $"hostdev ({(string?)device.Attribute("mode") ?? "subsystem"} {type})",
        ("interface", "hostdev" or "vdpa" or "vhostuser") => $"network interface of type {(string?)device.Attribute("type")}",
        ("interface", "direct") when (string?)device.Element("source")?.Attribute("mode") == "passthrough" =>
            "network interface in macvtap passthrough mode",
        ("filesystem", _) => $"shared directory {(string?)device.Element("source")?.Attribute("dir")}".TrimEnd(),
        ("tpm", _) when (string?)device.Element("backend")?.Attribute("type") == "passthrough" => "TPM of the host",
        ("smartcard", _) when (string?)device.Attribute("mode") == "host" => "smart card reader of the host",
        ("shmem", _) => "memory shared with the host (shmem)",
        ("memory", _) when (string?)device.Attribute("model") is "nvdimm" or "virtio-pmem" => "persistent memory of the host",
        _ => null,
    };
}
