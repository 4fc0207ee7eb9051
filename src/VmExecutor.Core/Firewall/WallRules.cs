using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using VmExecutor.Core.Egress;

namespace VmExecutor.Core.Firewall;

/// <summary>
/// The rules that keep guests in QEMU's user-mode network off this host's own services, as a script for nft: a table of the driver's own beside whatever
/// firewall the host has. What a guest says comes from its QEMU, so rules know it by the user that QEMU runs as.
/// </summary>
public static class WallRules
{
    public const string Table = "inet vm_executor_vms";

    /// <summary>
    /// Refuses at once. QEMU passes a reset on to its guest; for any other error of a connection that it is making, it tells its guest nothing (soread of libslirp), which
    /// then tries for two minutes.
    /// </summary>
    internal const string Refusal = "meta l4proto tcp reject with tcp reset; reject with icmpx admin-prohibited";

    private const string Services = "services";
    private const string Forbidden = "forbidden";

    // Addresses that clouds give every machine, by which it gets its own identity or secrets: link-local ones, Azure's and Alibaba's.
    internal const string Metadata = "169.254.0.0/16, 168.63.129.16, 100.100.100.200";
    internal const string Metadata6 = "fd00:ec2::254, fe80::/10";

    // What is sent to a group leaves by a card, and the host hears it as well where one of its services (mDNS, SSDP) is in the group.
    private const string Groups = "224.0.0.0/4, 255.255.255.255";
    private const string Groups6 = "ff00::/8";

    /// <summary>Arguments of nft that list the rules without the content of sets; it fails where there are none, or where an element is not there.</summary>
    /// <param name="own">Elements, as <see cref="Own"/> makes them: the sets may have been flushed alone.</param>
    public static IReadOnlyList<string> ListArguments(string own) => ["-t", $"{own.Replace("add element ", "get element ", StringComparison.Ordinal)}list table {Table}"];

    /// <summary>The rules without what single VMs may use; they take the place of older ones of the same table in one step.</summary>
    /// <param name="users">The users that VMs run as.</param>
    /// <param name="resolvConf">The content of the host's resolv.conf: QEMU passes its guests' questions on to these servers, also where they are this host.</param>
    public static string Script(IReadOnlyList<uint> users, string resolvConf)
    {
        var body = Body(users, resolvConf);
        return $"table {Table}\ndelete table {Table}\n{body.Replace("MARK", Mark(body), StringComparison.Ordinal)}";
    }

    /// <summary>The lines of a script that open services for the guest of one VM, and close networks to it.</summary>
    /// <param name="user">The user that it runs as.</param>
    /// <param name="allowed">The services, each as <see cref="HostService"/> reads it.</param>
    /// <param name="forbidden">The networks, in CIDR notation.</param>
    public static string Own(uint user, IReadOnlyList<string> allowed, IReadOnlyList<string> forbidden)
    {
        var networks = forbidden.Select(IPNetwork.Parse).Distinct();
        var services = allowed.Select(text => HostService.TryParse(text, out var service) ? service : throw new FormatException(text)).Distinct().ToList();
        return string.Concat(
        [
            .. services.Select(service => $"add element {Table} {Services}{(service.IsV6 ? "6" : "")} {{ {service.Element(user)} }}\n"),
            .. networks.Select(network => string.Create(
                CultureInfo.InvariantCulture, $"add element {Table} {Forbidden}{(network.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6 ? "6" : "")} {{ {user} . {network} }}\n")),
        ]);
    }

    /// <summary>True when nothing of the host's loopback is closed to a guest that may use these services.</summary>
    public static bool OpenLoopback(IReadOnlyList<string> allowed) => allowed.Any(text => HostService.TryParse(text, out var service) && service.OpensLoopback);

    /// <summary>True when a listing has the rules of this script, and not older ones.</summary>
    /// <param name="script">As <see cref="Script"/> makes it.</param>
    /// <param name="listing">What nft says to <see cref="ListArguments"/>.</param>
    public static bool AreIn(string listing, string script) =>
        script.Split('\n').First(line => line.Contains("comment", StringComparison.Ordinal)) is var line && listing.Contains(line[line.IndexOf("comment", StringComparison.Ordinal)..], StringComparison.Ordinal);

    /// <summary>The addresses of the name servers of a resolv.conf, those of a link with <c>%</c> and its name behind them.</summary>
    internal static IReadOnlyList<string> NameServers(string resolvConf) =>
    [
        .. resolvConf.Split('\n').Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length >= 2 && words[0] == "nameserver" && IPAddress.TryParse(words[1].Split('%')[0], out _)).Select(words => words[1]).Distinct(),
    ];

    private static string Mark(string body) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)))[..16];

    private static string Body(IReadOnlyList<uint> users, string resolvConf)
    {
        var servers = NameServers(resolvConf).Select(server => IPAddress.Parse(server.Split('%')[0])).Distinct().ToLookup(address => address.AddressFamily);
        return $$"""
            table {{Table}} {
                set guests {
                    type uid
                    elements = { {{string.Join(", ", users.Select(user => user.ToString(CultureInfo.InvariantCulture)))}} }
                }
                set {{Services}} {
                    type uid . ipv4_addr . inet_proto . inet_service
                    flags interval
                }
                set {{Services}}6 {
                    type uid . ipv6_addr . inet_proto . inet_service
                    flags interval
                }
                set {{Forbidden}} {
                    type uid . ipv4_addr
                    flags interval
                }
                set {{Forbidden}}6 {
                    type uid . ipv6_addr
                    flags interval
                }
                chain rejected {
                    {{Refusal}}
                }
                chain output {
                    type filter hook output priority filter; policy accept;
                    meta skuid != @guests accept comment "vm-executor MARK"
                    ct state established,related accept
            {{Dns("ip", servers[AddressFamily.InterNetwork])}}{{Dns("ip6", servers[AddressFamily.InterNetworkV6])}}
                    ct status dnat ip daddr {{EgressPlace.Loopback}} th dport {{EgressPlace.Port}} accept
                    meta skuid . ip daddr . meta l4proto . th dport @{{Services}} accept
                    meta skuid . ip6 daddr . meta l4proto . th dport @{{Services}}6 accept
                    oifname "lo" counter goto rejected
                    ip daddr { {{Metadata}} } counter goto rejected
                    ip6 daddr { {{Metadata6}} } counter goto rejected
                    ip daddr { {{Groups}} } counter goto rejected
                    ip6 daddr { {{Groups6}} } counter goto rejected
                    meta skuid . ip daddr @{{Forbidden}} counter goto rejected
                    meta skuid . ip6 daddr @{{Forbidden}}6 counter goto rejected
                }
            }

            """;
    }

    private static string Dns(string family, IEnumerable<IPAddress> servers) => servers.Any()
        ? $"        {family} daddr {{ {string.Join(", ", servers)} }} meta l4proto {{ tcp, udp }} th dport 53 accept\n"
        : "";
}
