using System.Text.Json;
using System.Xml.Linq;

namespace VmExecutor.Core.Clones;

/// <summary>
/// Free places for what a running machine is given: one more network card when its job has services that are VMs (<see cref="Services.ServiceNetwork"/>), and the disk of its
/// job's project (<see cref="ProjectDisks.DiskPlug"/>). A PCI Express machine takes devices only at root ports. libvirt puts devices into the ports that a definition has before it adds
/// others, so the spare ones are QEMU's alone: behind all devices, so that no address of theirs depends on them. Machines with a plain PCI bus (i440fx) take devices there.
/// </summary>
internal static class CloneSparePort
{
    public const string Id = "vmx-service-port";

    public const string DiskId = "vmx-disk-port";

    public static void Apply(XElement domain, ClonePlan plan)
    {
        var machine = (string?)domain.Element("os")?.Element("type")?.Attribute("machine") ?? "";
        if (!machine.Contains("q35", StringComparison.Ordinal) && !machine.StartsWith("virt", StringComparison.Ordinal))
        {
            return;
        }

        // No port of libvirt's has these chassis numbers: those count from 1.
        if (plan.HasSparePort)
        {
            QemuXml.Add(domain, ["-device", Device(Id, 250)]);
        }

        if (plan.Image.ProjectDisk.HasDisks())
        {
            QemuXml.Add(domain, ["-device", Device(DiskId, 251)]);
        }
    }

    /// <summary>True when the machine has the port, by QEMU's answer to <c>query-pci</c>.</summary>
    public static bool IsIn(JsonElement answer, string port) =>
        answer.ValueKind == JsonValueKind.Array && answer.EnumerateArray().SelectMany(Devices).Any(device => device.ValueKind == JsonValueKind.Object
            && device.TryGetProperty("qdev_id", out var id) && id.ValueKind == JsonValueKind.String && id.ValueEquals(port));

    private static IEnumerable<JsonElement> Devices(JsonElement bus) =>
        bus.ValueKind == JsonValueKind.Object && bus.TryGetProperty("devices", out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    /// <summary>As JSON, since QEMU makes devices that are said so after all others, and in their order.</summary>
    private static string Device(string id, int chassis) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $$"""{"driver":"pcie-root-port","id":"{{id}}","chassis":{{chassis}}}""");
}
