using System.Globalization;
using System.Text;
using VmExecutor.Core.Firewall;

namespace VmExecutor.Core.Egress;

/// <summary>
/// The rules of one VM's policy, as a script for nft. In the user-mode network all that its guest says comes from its QEMU, so they know it by the user that QEMU runs as; on
/// a libvirt network they know it by its card (<see cref="EgressCardRules"/>). Questions to
/// any name server go to the VM's own one, which puts the addresses of allowed names into sets of this table, each for a time. The script can be loaded
/// again and again: addresses that are in the sets stay there.
/// </summary>
public static class EgressTable
{
    /// <summary>The sets of what was refused, or would be: with ports, and without.</summary>
    internal const string Refused = "refused";
    internal const string RefusedOther = "refused_other";

    /// <summary>A guest that tries every port of every address fills these and nothing else.</summary>
    private const int MostRefused = 1000;
    private const int MostAddresses = 65_535;

    /// <param name="place">The VM's place.</param>
    /// <param name="policy">The VM's policy.</param>
    /// <param name="addressLife">The time for which an address may be reached after a name was resolved to it. Connections that are open then go on.</param>
    public static string Script(EgressPlace place, EgressPolicy policy, TimeSpan addressLife)
    {
        var text = new StringBuilder();
        var groups = EgressNames.Groups(policy.Rules);
        text.Append(CultureInfo.InvariantCulture, $"table inet {place.Table} {{\n");
        for (var group = 0; group < groups.Count; group++)
        {
            text.Append(CultureInfo.InvariantCulture, $"    set {EgressNames.Set(group, 4)} {{ type ipv4_addr; flags timeout; timeout {addressLife.TotalSeconds:0}s; size {MostAddresses}; }}\n");
            text.Append(CultureInfo.InvariantCulture, $"    set {EgressNames.Set(group, 6)} {{ type ipv6_addr; flags timeout; timeout {addressLife.TotalSeconds:0}s; size {MostAddresses}; }}\n");
        }

        foreach (var family in (int[])[4, 6])
        {
            text.Append(CultureInfo.InvariantCulture, $"    set {Refused}{family} {{ type ipv{family}_addr . inet_proto . inet_service; size {MostRefused}; flags dynamic; counter; }}\n");
            text.Append(CultureInfo.InvariantCulture, $"    set {RefusedOther}{family} {{ type ipv{family}_addr . inet_proto; size {MostRefused}; flags dynamic; counter; }}\n");
        }

        text.Append("}\n");
        var lines = new RuleLines(policy, groups);
        return text.Append(place.Card is null ? Rules(place, lines) : EgressCardRules.Rules(place, place.Card, lines)).ToString();
    }

    /// <summary>Declares chains and empties them, so that a script can be loaded where they are.</summary>
    internal static string Declare(string family, string table, params IReadOnlyList<(string Chain, string Hook)> chains) =>
        $"table {family} {table} {{\n{string.Concat(chains.Select(one => $"    chain {one.Chain} {{ {one.Hook} }}\n"))}}}\n"
        + string.Concat(chains.Select(one => $"flush chain {family} {table} {one.Chain}\n"));

    /// <summary>An answer to what came from outside goes through the rules, too: else any machine could open the way to itself. The driver's ssh comes over the loopback.</summary>
    private static string Rules(EgressPlace place, RuleLines lines) => string.Create(CultureInfo.InvariantCulture, $$"""
        {{Declare("inet", place.Table, ("dns", "type nat hook output priority -100;"), ("output", "type filter hook output priority filter;"), ("guest", ""), ("other", ""))}}
        table inet {{place.Table}} {
            chain dns {
                meta skuid {{place.User.Id}} meta nfproto ipv4 meta l4proto { tcp, udp } th dport 53 dnat ip to {{place.Servers[0]}}:{{place.ServerPort}}
            }
            chain output {
                meta skuid {{place.User.Id}} goto guest
            }
            chain guest {
                ct status dnat ip daddr {{place.Servers[0]}} th dport {{place.ServerPort}} {{RuleLines.Rate}} accept
                ct status dnat ip daddr {{place.Servers[0]}} th dport {{place.ServerPort}} drop
                ct direction original ct state established,related accept
                oifname "lo" ct direction reply accept
        {{lines.Networks}}
                oifname "lo" goto other
        {{lines.Names}}
                goto other
            }
            chain other {
        {{lines.Other}}
            }
        }

        """);

    /// <summary>The lines of rules that both kinds of networks have.</summary>
    /// <param name="Policy">The policy.</param>
    /// <param name="Groups">The ports of its rules about names.</param>
    internal sealed record RuleLines(EgressPolicy Policy, IReadOnlyList<EgressPorts?> Groups)
    {
        /// <summary>A guest can ask no more questions about names than these.</summary>
        public const string Rate = "limit rate 200/second burst 1000 packets";

        /// <summary>The rules about what may be reached without a name.</summary>
        public string Networks => string.Join('\n', Policy.Rules.Where(rule => rule.Network is not null).Select(Network).Select(rule => $"{rule} accept"));

        /// <summary>A name that leads to what gives a cloud's machine its identity opens nothing of it.</summary>
        public string Names => string.Join('\n',
        [
            $"ip daddr {{ {WallRules.Metadata} }} goto other",
            $"ip6 daddr {{ {WallRules.Metadata6} }} goto other",
            .. Enumerable.Range(0, Groups.Count).SelectMany(group => (string[])
            [
                $"ip daddr @{EgressNames.Set(group, 4)}{With(Groups[group])} accept",
                $"ip6 daddr @{EgressNames.Set(group, 6)}{With(Groups[group])} accept",
            ]),
        ]);

        public string Other => $$"""
            meta l4proto { tcp, udp } update @{{Refused}}4 { ip daddr . meta l4proto . th dport counter }
            meta l4proto { tcp, udp } update @{{Refused}}6 { ip6 daddr . meta l4proto . th dport counter }
            meta l4proto != { tcp, udp } update @{{RefusedOther}}4 { ip daddr . meta l4proto counter }
            meta l4proto != { tcp, udp } update @{{RefusedOther}}6 { ip6 daddr . meta l4proto counter }
            {{(Policy.Watches ? "accept" : WallRules.Refusal)}}
            """;

        /// <summary>The condition of a rule about a network.</summary>
        public static string Network(EgressRule rule) => $"{(rule.IsV6 ? "ip6" : "ip")} daddr {rule.Network}{With(rule.Ports)}";
    }

    private static string With(EgressPorts? ports) => ports is null ? "" : $" {ports.Match}";
}
