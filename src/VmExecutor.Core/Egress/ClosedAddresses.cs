using System.Net;
using System.Net.Sockets;
using VmExecutor.Core.Firewall;

namespace VmExecutor.Core.Egress;

/// <summary>
/// The addresses that are closed to all guests, for the proxy: the host's loopback and its own, metadata services, groups. A name that is allowed opens none of them.
/// </summary>
/// <param name="Own">The addresses of the host's network interfaces.</param>
/// <param name="Services">The host's services that guests may use all the same (<c>firewall: allow</c>).</param>
/// <param name="Forbidden">Networks that the administrator has closed (<c>firewall: forbid</c>).</param>
public sealed record ClosedAddresses(IReadOnlyCollection<IPAddress> Own, IReadOnlyList<HostService> Services, IReadOnlyList<IPNetwork> Forbidden)
{
    /// <summary>The networks that are no other machine's, and those by which clouds give a machine its identity.</summary>
    private static readonly IReadOnlyList<IPNetwork> Always =
    [
        .. ((string[])
        [
            "0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4",
            .. $"{WallRules.Metadata}, {WallRules.Metadata6}".Split(", ").Select(one => one.Contains('/', StringComparison.Ordinal) ? one : $"{one}/{(one.Contains(':', StringComparison.Ordinal) ? 128 : 32)}"),
            "::/128", "::1/128", "ff00::/8",
        ]).Select(IPNetwork.Parse),
    ];

    /// <summary>Networks whose addresses have an IPv4 address in them, and the byte at which it begins: compatible (RFC 4291), translated (RFC 2765), NAT64 (RFC 6052), 6to4 (RFC 3056).</summary>
    private static readonly IReadOnlyList<(IPNetwork Network, int At)> Embedding =
    [
        (IPNetwork.Parse("::/96"), 12), (IPNetwork.Parse("::ffff:0:0:0/96"), 12), (IPNetwork.Parse("64:ff9b::/96"), 12), (IPNetwork.Parse("2002::/16"), 2),
    ];

    /// <summary>The address that a guest in QEMU's user-mode network has for the host.</summary>
    private static readonly IPAddress HostOfGuest = new([10, 0, 2, 2]);

    /// <summary>The address as the host connects to it: an IPv4 address that is written as an IPv6 one, and the guest's own address of the host.</summary>
    public static IPAddress Plain(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.Equals(HostOfGuest) ? IPAddress.Loopback : plain;
    }

    /// <summary>True when no guest may reach it, unless it is one of the host's services that <c>firewall: allow</c> names.</summary>
    public bool Contain(IPAddress address) =>
        Always.Any(network => network.Contains(address)) || Own.Any(own => own.Equals(address)) || Forbidden.Any(network => network.Contains(address))
        || (address.AddressFamily == AddressFamily.InterNetworkV6 && (address.ScopeId != 0 || (Embedded(address) is { } inside && Contain(inside))));

    /// <summary>True when <c>firewall: allow</c> names it.</summary>
    public bool IsService(IPAddress address, ushort port) =>
        Services.Any(service => service.Protocol == "tcp" && service.Network.Contains(address) && service.First <= port && port <= service.Last);

    private static IPAddress? Embedded(IPAddress address) =>
        Embedding.Where(one => one.Network.Contains(address)).Select(one => new IPAddress(address.GetAddressBytes().AsSpan(one.At, 4))).FirstOrDefault();
}
