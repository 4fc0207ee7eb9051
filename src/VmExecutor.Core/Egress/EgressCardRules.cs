using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace VmExecutor.Core.Egress;

/// <summary>
/// The rules of a VM on a libvirt network. Two tables hold its guest. On the bridge, frames from its tap device must have its own MAC address and be IPv4, IPv6 or ARP, and they
/// reach no neighbour but those that a network of the policy names. Behind the bridge, the host's routing sees packets with that MAC address, whatever their
/// IP address, and there the policy is as in the user-mode network.
/// </summary>
internal static class EgressCardRules
{
    // The bridge calls the rules for IP by itself where br_netfilter is on (priority 0), so its own come first.
    private const int OnBridge = -350;

    // Rules of the host that redirect what passes it (port forwards) come later.
    private const int BeforeRedirects = -105;

    // After all rules that filter what the host is sent (up to 225, SELinux' last), and before the kernel finds the socket.
    private const int AfterFilters = 250;

    // Before connections are tracked (-200), beside "raw".
    private const int BeforeTracking = -310;

    // IPv6 finds its neighbours and routers by these, as IPv4 by ARP.
    private const string Neighbours = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert }";

    public static string Rules(EgressPlace place, EgressCard card, EgressTable.RuleLines lines) => $"{Bridge(place, card, lines)}\n{Host(place, card, lines)}";

    private static string Bridge(EgressPlace place, EgressCard card, EgressTable.RuleLines lines)
    {
        var declared = EgressTable.Declare(
            "bridge", place.Table, ("prerouting", Hook("prerouting")), ("forward", Hook("forward")), ("guest", ""), ("beside", ""));
        return lines.Policy.Watches ? declared : $$"""
            {{declared}}
            table bridge {{place.Table}} {
                chain prerouting {
                    iifname "{{card.Tap}}" goto guest
                }
                chain guest {
                    ether saddr != {{card.Mac}} drop
                    ether type arp arp saddr ether != {{card.Mac}} drop
                    ether type { arp, ip, ip6 } accept
                    drop
                }
                chain forward {
                    iifname "{{card.Tap}}" goto beside
                }
                chain beside {
                    meta l4proto { tcp, udp } th dport 53 drop
            {{string.Join('\n', Beside(card, lines.Policy))}}
                    drop
                }
            }

            """;

        static string Hook(string name) => string.Create(CultureInfo.InvariantCulture, $"type filter hook {name} priority {OnBridge};");
    }

    /// <summary>The neighbours on the same network that a rule about networks names. A frame that the bridge passes on never comes to the host's routing.</summary>
    private static IEnumerable<string> Beside(EgressCard card, EgressPolicy policy)
    {
        foreach (var rule in policy.Rules.Where(rule => rule.Network is not null))
        {
            foreach (var network in card.Networks.Where(network => Overlap(network, rule.Network!.Value)))
            {
                if (rule.IsV6)
                {
                    yield return $"ip6 daddr {network} {EgressTable.RuleLines.Network(rule)} accept";
                    yield return $"{Neighbours} accept";
                }
                else
                {
                    yield return $"ip daddr {network} {EgressTable.RuleLines.Network(rule)} accept";
                    yield return $"arp daddr ip {network} arp daddr ip {rule.Network} accept";
                }
            }
        }
    }

    /// <summary>With br_netfilter, a frame for a neighbour comes through these rules, too, and so does what finds it. To other networks, nothing of that kind is passed on.</summary>
    private static IEnumerable<string> OnLink(EgressCard card, EgressPolicy policy) => policy.Rules.Where(rule => rule is { Network: not null, IsV6: true })
        .SelectMany(rule => card.Networks.Where(network => Overlap(network, rule.Network!.Value))).Distinct()
        .Select(network => $"{Neighbours} ip6 daddr {{ ff02::/16, fe80::/10, {network} }} accept");

    private static bool Overlap(IPNetwork one, IPNetwork other) => one.BaseAddress.AddressFamily == other.BaseAddress.AddressFamily
        && (one.PrefixLength <= other.PrefixLength ? one.Contains(other.BaseAddress) : other.Contains(one.BaseAddress));

    /// <summary>
    /// The name server is asked at the host's own address on the network and at port 53, which host firewalls leave open for libvirt. Its real port is put in behind their rules, and
    /// taken out before answers are tracked; so no guest can ask it by that port. A guest may send from any IP address, so the connections that it opens are tracked in a zone of
    /// its own: those of others open nothing to it.
    /// </summary>
    private static string Host(EgressPlace place, EgressCard card, EgressTable.RuleLines lines)
    {
        var (v4, v6) = (card.HostAddresses.First(IsV4), card.HostAddresses.FirstOrDefault(address => !IsV4(address)));
        (string Family, string Address)[] servers = v6 is null ? [("ip", $"{v4}")] : [("ip", $"{v4}"), ("ip6", $"{v6}")];
        var zone = Math.Max(1, place.User.Id & 0xFFFF);
        var from = $"ether saddr {card.Mac}";
        var (port, policy) = (place.ServerPort, lines.Policy);
        return string.Create(CultureInfo.InvariantCulture, $$"""
            {{EgressTable.Declare(
                "inet",
                place.Table,
                ("zone", "type filter hook prerouting priority raw;"),
                ("dns", string.Create(CultureInfo.InvariantCulture, $"type nat hook prerouting priority {BeforeRedirects};")),
                ("forward", "type filter hook forward priority filter;"),
                ("input", "type filter hook input priority filter;"),
                ("question", string.Create(CultureInfo.InvariantCulture, $"type filter hook input priority {AfterFilters};")),
                ("answer", string.Create(CultureInfo.InvariantCulture, $"type filter hook output priority {BeforeTracking};")),
                ("host", ""),
                ("guest", ""),
                ("other", ""))}}
            table inet {{place.Table}} {
                chain zone {
                    {{from}} ct original zone set {{zone}}
                }
                chain dns {
            {{Lines(servers, server => $"{from} meta nfproto {(server.Family == "ip" ? "ipv4" : "ipv6")} meta l4proto {{ tcp, udp }} th dport 53 dnat {server.Family} to {server.Address}")}}
                }
                chain forward {
                    {{from}} goto guest
                }
                chain input {
            {{Lines(servers, server => $"{server.Family} daddr {server.Address} meta l4proto {{ tcp, udp }} th dport {port} iifname != \"lo\" drop")}}
                    {{from}} goto host
                }
                chain question {
            {{Lines(servers, server => $"{from} {server.Family} daddr {server.Address} udp dport 53 udp dport set {port}\n{from} {server.Family} daddr {server.Address} tcp dport 53 tcp dport set {port}")}}
                }
                chain answer {
            {{Lines(servers, server => $"{server.Family} saddr {server.Address} udp sport {port} udp sport set 53\n{server.Family} saddr {server.Address} tcp sport {port} tcp sport set 53")}}
                }
                chain host {
            {{Lines(servers, server => $"{server.Family} daddr {server.Address} meta l4proto {{ tcp, udp }} th dport 53 {EgressTable.RuleLines.Rate} accept\n{server.Family} daddr {server.Address} meta l4proto {{ tcp, udp }} th dport 53 drop")}}
                    udp sport 68 udp dport 67 accept
                    udp sport 546 udp dport 547 accept
                    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } ip6 hoplimit 255 accept
                    ct direction reply ct state established,related accept
                    ct direction original ct state established,related accept
            {{lines.Networks}}
                    {{(policy.Watches ? "" : "meta pkttype { broadcast, multicast } drop")}}
                    goto other
                }
                chain guest {
                    ct direction original ct state established,related accept
            {{string.Join('\n', OnLink(card, policy))}}
            {{lines.Networks}}
            {{lines.Names}}
                    goto other
                }
                chain other {
            {{lines.Other}}
                }
            }

            """);
    }

    private static bool IsV4(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork;

    private static string Lines<T>(IEnumerable<T> all, Func<T, string> line) => string.Join('\n', all.Select(line));
}
