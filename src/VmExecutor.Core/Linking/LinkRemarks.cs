using System.Xml.Linq;
using VmExecutor.Core.Clones;

namespace VmExecutor.Core.Linking;

/// <summary>What stays as it is in a clone and may surprise: each in a sentence.</summary>
public static class LinkRemarks
{
    public static IReadOnlyList<string> Of(XElement source)
    {
        var devices = source.Element("devices") ?? new XElement("devices");
        return
        [
            .. ClonePassthrough.Find(source) is { Count: > 0 } found
                ? new[] { $"the clone has what the host gave the source, and most of it only one of them can use at a time: {string.Join(", ", found)}" }
                : [],
            .. devices.Elements("tpm").Elements("backend").Any(backend => (string?)backend.Attribute("type") == "emulator")
                ? new[] { "the clone's emulated TPM begins empty: what the source's guest sealed with its own (BitLocker, LUKS) needs its recovery key" }
                : [],
            .. devices.Elements().Where(ListensOnPort).Select(device =>
                $"{device.Name.LocalName} listens on port {(string?)device.Elements("source").FirstOrDefault(IsBound)?.Attribute("service")} of the host in source and clone: only one of them can run at a time"),
            .. devices.Elements("interface").Elements("portForward").Any()
                ? new[] { "ports of the host are forwarded to source and clone alike: only one of them can run at a time" }
                : [],
            .. source.Elements(QemuXml.Namespace + "commandline").Any()
                ? new[] { "arguments for QEMU (qemu:commandline) were taken over as they are; see that two machines can have them" }
                : [],
        ];
    }

    private static bool ListensOnPort(XElement device) =>
        device.Name.LocalName is "serial" or "parallel" or "channel"
        && (string?)device.Attribute("type") is "tcp" or "udp"
        && device.Elements("source").Any(IsBound);

    private static bool IsBound(XElement source) => (string?)source.Attribute("mode") == "bind";
}
