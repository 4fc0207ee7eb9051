using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using VmExecutor.Core.Firewall;
using VmExecutor.Core.Health;
using VmExecutor.Core.Users;

namespace VmExecutor.Core.Egress;

/// <summary>
/// The network card of a VM on a libvirt network. All that its guest sends comes out of the tap device, whose name the guest cannot change. The bridge lets nothing of it
/// pass under another MAC address, so that behind the bridge the MAC address tells whose it is.
/// </summary>
/// <param name="Tap">The name of the host's end of it.</param>
/// <param name="Mac">Its MAC address.</param>
/// <param name="Hosts">The host's addresses on the network, in CIDR notation, such as <c>192.168.122.1/24</c>.</param>
public sealed partial record EgressCard(string Tap, string Mac, IReadOnlyList<string> Hosts)
{
    private const string NoGateway = "a policy holds only where the host itself passes on what guests send, which is a network with 'forward mode' nat, route or open, or without 'forward'";

    /// <summary>False: it comes from a damaged record, and no rule may be made of it.</summary>
    public bool IsWhole => Tap.Length is > 0 and < 16 && Tap.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') && MacText().IsMatch(Mac)
        && Hosts.Any(host => !host.Contains(':', StringComparison.Ordinal))
        && Hosts.All(host => host.Split('/') is [var address, var bits] && IPAddress.TryParse(address, out _) && int.TryParse(bits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= (address.Contains(':', StringComparison.Ordinal) ? 128 : 32));

    /// <summary>The host's addresses on the network.</summary>
    internal IReadOnlyList<IPAddress> HostAddresses => [.. Hosts.Select(host => IPAddress.Parse(host.Split('/')[0]))];

    /// <summary>The networks that the host's addresses are in.</summary>
    internal IReadOnlyList<IPNetwork> Networks =>
    [
        .. Hosts.Select(host => host.Split('/')).Select(parts => (Address: IPAddress.Parse(parts[0]), Bits: int.Parse(parts[1], CultureInfo.InvariantCulture)))
            .Select(host => new IPNetwork(HostService.Masked(host.Address, host.Bits), host.Bits)),
    ];

    /// <summary>The name that the tap device of a clone is given. No other clone of this host has it, since no other has the user; libvirt takes it as it is.</summary>
    public static string TapOf(VmUser user) => string.Create(CultureInfo.InvariantCulture, $"vmx-{user.Id}");

    /// <summary>Decides whether a policy can hold on a network.</summary>
    /// <param name="name">The network's name.</param>
    /// <param name="state">Null: libvirt has none of that name.</param>
    /// <returns>The reason why it cannot, in words; null: it can.</returns>
    public static string? WhyNot(string name, NetworkState? state) => state switch
    {
        null => $"there is no libvirt network '{name}'",
        { IsActive: false } => $"the libvirt network '{name}' is not active",
        { Forward: not ("none" or "nat" or "route" or "open") } => $"the libvirt network '{name}' has 'forward mode' {state.Forward}: {NoGateway}",
        { KeepsGuestsApart: null } => $"the libvirt network '{name}' is no bridge of the kernel",
        { Hosts: var hosts } when !hosts.Any(host => !host.Contains(':', StringComparison.Ordinal)) => $"the host has no IPv4 address on the libvirt network '{name}', at which the policy's name server could be asked",
        _ => null,
    };

    /// <summary>The card of a machine as the host knows it.</summary>
    /// <param name="domain">The machine's definition.</param>
    /// <param name="hosts">The host's addresses on the network.</param>
    /// <returns>Null: the machine has not exactly one card with a tap device of a known name, so a policy would not hold.</returns>
    public static EgressCard? In(XElement domain, IReadOnlyList<string> hosts) =>
        domain.Elements("devices").Elements("interface").ToList() is [var card]
        && (string?)card.Element("target")?.Attribute("dev") is { } tap && (string?)card.Element("mac")?.Attribute("address") is { } mac
        && new EgressCard(tap, mac, hosts) is { IsWhole: true } whole
            ? whole
            : null;

    [GeneratedRegex(@"\A[0-9a-f]{2}(:[0-9a-f]{2}){5}\z")]
    private static partial Regex MacText();
}
