using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;

namespace VmExecutor.Core.Linking;

/// <summary>Parts that stay as they are in a clone and may surprise, each in a sentence.</summary>
public static class LinkRemarks
{
    /// <param name="source">The source's inactive XML.</param>
    /// <param name="plan">The plan of the clone.</param>
    public static IReadOnlyList<string> Of(XElement source, LinkPlan plan)
    {
        var devices = source.Element("devices") ?? new XElement("devices");
        return
        [
            .. OfHost(source) is { Count: > 0 } found
                ? new[] { $"the clone has the source's parts of the host; most of them can be used by one machine at a time: {string.Join(", ", found)}" }
                : [],
            .. devices.Elements("tpm").Elements("backend").Any(backend => (string?)backend.Attribute("type") == "emulator")
                ? new[] { "the clone's emulated TPM begins empty: what the source's guest sealed with its own (BitLocker, LUKS) needs its recovery key" }
                : [],
            .. devices.Elements().Where(ListensOnPort).Select(device =>
                $"{device.Name.LocalName} listens on port {(string?)device.Elements("source").FirstOrDefault(IsBound)?.Attribute("service")} of the host in source and clone: only one of them can run at a time"),
            .. devices.Elements("interface").Elements("portForward").Any()
                ? new[] { "ports of the host are forwarded to source and clone alike: only one of them can run at a time" }
                : [],
            .. plan.Disks.Where(disk => plan.StatesChains && !BackingStore.CanState(disk.Base)).Select(disk =>
                $"libvirt has no name for a format that {disk.Target} stands on ({string.Join(", ", disk.Base.Files.Select(file => file.Format).Distinct())}), so the definition does not say it"),
            .. devices.Elements("graphics").Where(LinkEndpoints.HasFixedPort).Select(display =>
                $"the source's {(string?)display.Attribute("type")} display has a port of its own; the clone gets a free one at each start: virsh domdisplay {plan.Name}"),
            .. source.Elements(QemuXml.Namespace + "commandline").Any()
                ? new[] { "arguments for QEMU (qemu:commandline) were taken over as they are; make sure that two machines can use them at the same time" }
                : [],
        ];
    }

    /// <summary>The parts of the host, which a job's clone could not have.</summary>
    private static List<string> OfHost(XElement source) =>
    [
        .. DomainReview.Of(source, ClonePurpose.Job, new HashSet<string>())
            .Where(finding => finding.Refusal == RefusalKind.HostDevice).Select(finding => finding.Part).Distinct(StringComparer.Ordinal),
    ];

    private static bool ListensOnPort(XElement device) =>
        device.Name.LocalName is "serial" or "parallel" or "channel"
        && (string?)device.Attribute("type") is "tcp" or "udp"
        && device.Elements("source").Any(IsBound);

    private static bool IsBound(XElement source) => (string?)source.Attribute("mode") == "bind";
}
