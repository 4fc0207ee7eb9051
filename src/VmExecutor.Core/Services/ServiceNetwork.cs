using System.Globalization;
using System.Text.Json;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Services;

/// <summary>
/// The network of a job's VM and of the VMs that are its services, as commands for their QEMUs' machine monitor. Each service's QEMU is joined to the job's by a pair of
/// connected sockets (socketpair(2)). They have no name and no address, and no process but these two has an end of them. So no other VM can join, whatever it may reach on the
/// host. The job's QEMU has a hub between them and its guest's card. libvirt 9.0 cannot say this in a domain's XML, and it works with system and session alike,
/// and with a user of its own for each VM.
/// </summary>
public static class ServiceNetwork
{
    /// <summary>The index of its card in <see cref="ClonePlan.Mac"/>, beyond those of a machine's own cards.</summary>
    public const int CardIndex = 900;

    /// <summary>The name by which QEMU knows a file that was handed to it.</summary>
    private const string File = "vmx-service";

    private const string Card = "vmx-service-card";
    private const string Hub = "vmx-service-hub";

    /// <summary>Any number that the guest's own networks, which have no hubs, do not use.</summary>
    private const int HubNumber = 17;

    /// <summary>Asks for the machine's PCI devices.</summary>
    public const string AskDevices = """{"execute":"query-pci"}""";

    /// <summary>Takes an end of a pair of sockets, which comes with the command.</summary>
    public const string TakeSocket = $$$"""{"execute":"getfd","arguments":{"fdname":"{{{File}}}"}}""";

    /// <summary>
    /// The address of the job's guest, or of a service's guest. They are from the range for tests of network devices (RFC 2544, 198.18.0.0/15), which is used neither on the
    /// internet nor, as a rule, in a company's network: a job reaches by it nothing that it would miss.
    /// </summary>
    /// <param name="service">The service's number; null: the job's guest.</param>
    public static string Address(int? service) =>
        service is { } number && number > Most - 1 ? throw new ArgumentOutOfRangeException(nameof(service), service, "the network has no more addresses")
        : string.Create(CultureInfo.InvariantCulture, $"198.18.0.{(service ?? -1) + 2}");

    /// <summary>The most services of a job that can be VMs.</summary>
    public const int Most = 250;

    /// <summary>All its addresses.</summary>
    public const string Cidr = "198.18.0.0/24";

    /// <summary>The bits of its addresses that are the network's.</summary>
    public const int Bits = 24;

    /// <summary>The commands for the QEMU of a service, behind <see cref="TakeSocket"/>.</summary>
    /// <param name="mac">The card's address.</param>
    /// <param name="bus">The port that is free; null: the machine's one bus, which takes cards itself.</param>
    public static IReadOnlyList<string> ForService(MacAddress mac, string? bus) => [Socket("vmx-service-0"), Plug("vmx-service-0", mac, bus)];

    /// <summary>The commands for the job's QEMU, behind <see cref="TakeSocket"/>, for each service.</summary>
    /// <param name="number">The service's.</param>
    public static IReadOnlyList<string> ForSocketOfJob(int number)
    {
        var socket = string.Create(CultureInfo.InvariantCulture, $"vmx-service-{number}");
        return [Socket(socket), HubPort(string.Create(CultureInfo.InvariantCulture, $"vmx-service-hub-{number}"), socket)];
    }

    /// <summary>The commands for the job's QEMU that join its guest, the last ones.</summary>
    /// <inheritdoc cref="ForService" path="/param"/>
    public static IReadOnlyList<string> ForJob(MacAddress mac, string? bus) => [HubPort(Hub, null), Plug(Hub, mac, bus)];

    /// <summary>The place for the card in the answer to <see cref="AskDevices"/>: the spare port; null: the machine has none, and its one bus may take cards itself.</summary>
    public static string? FindPort(JsonElement answer) => CloneSparePort.IsIn(answer, CloneSparePort.Id) ? CloneSparePort.Id : null;

    private static string Socket(string id) => Command("netdev_add", $"\"type\":\"socket\",\"id\":\"{id}\",\"fd\":\"{File}\"");

    private static string HubPort(string id, string? socket) => Command(
        "netdev_add",
        string.Create(CultureInfo.InvariantCulture, $"\"type\":\"hubport\",\"id\":\"{id}\",\"hubid\":{HubNumber}{(socket is null ? "" : $",\"netdev\":\"{socket}\"")}"));

    /// <summary>Without an option ROM, which no guest needs that runs already.</summary>
    private static string Plug(string network, MacAddress mac, string? bus) => Command(
        "device_add",
        $"\"driver\":\"virtio-net-pci\",\"id\":\"{Card}\",\"netdev\":\"{network}\",\"mac\":\"{mac}\",\"romfile\":\"\"{(bus is null ? "" : $",\"bus\":\"{bus}\"")}");

    /// <summary>No name in it needs escapes.</summary>
    private static string Command(string name, string arguments) => $"{{\"execute\":\"{name}\",\"arguments\":{{{arguments}}}}}";
}
