using System.Globalization;
using System.Text;
using VmExecutor.Core.Firewall;

namespace VmExecutor.Core.Egress;

/// <summary>
/// The rules of one VM's policy, as a script for nft. All that its guest says comes from its QEMU, so they know it by the user that QEMU runs as. Questions to
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

        // An answer to what came from outside goes through the rules, too: else any machine could open the way to itself. The driver's ssh comes over the loopback.
        text.Append(CultureInfo.InvariantCulture, $$"""
                chain dns { type nat hook output priority -100; }
                chain output { type filter hook output priority filter; }
                chain guest { }
                chain other { }
            }
            flush chain inet {{place.Table}} dns
            flush chain inet {{place.Table}} output
            flush chain inet {{place.Table}} guest
            flush chain inet {{place.Table}} other
            table inet {{place.Table}} {
                chain dns {
                    meta skuid {{place.User.Id}} meta nfproto ipv4 meta l4proto { tcp, udp } th dport 53 dnat ip to {{place.Address}}:{{EgressPlace.Port}}
                }
                chain output {
                    meta skuid {{place.User.Id}} goto guest
                }
                chain guest {
                    ct status dnat ip daddr {{place.Address}} th dport {{EgressPlace.Port}} limit rate 200/second burst 1000 packets accept
                    ct status dnat ip daddr {{place.Address}} th dport {{EgressPlace.Port}} drop
                    ct direction original ct state established,related accept
                    oifname "lo" ct direction reply accept

            """);
        foreach (var rule in policy.Rules.Where(rule => rule.Network is not null))
        {
            text.Append(CultureInfo.InvariantCulture, $"        {(rule.IsV6 ? "ip6" : "ip")} daddr {rule.Network}{With(rule.Ports)} accept\n");
        }

        // A name that leads to the host itself, or to what gives a cloud's machine its identity, opens nothing of it.
        text.Append(CultureInfo.InvariantCulture, $$"""
                    oifname "lo" goto other
                    ip daddr { {{WallRules.Metadata}} } goto other
                    ip6 daddr { {{WallRules.Metadata6}} } goto other

            """);
        for (var group = 0; group < groups.Count; group++)
        {
            text.Append(CultureInfo.InvariantCulture, $"        ip daddr @{EgressNames.Set(group, 4)}{With(groups[group])} accept\n");
            text.Append(CultureInfo.InvariantCulture, $"        ip6 daddr @{EgressNames.Set(group, 6)}{With(groups[group])} accept\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $$"""
                    goto other
                }
                chain other {
                    meta l4proto { tcp, udp } update @{{Refused}}4 { ip daddr . meta l4proto . th dport counter }
                    meta l4proto { tcp, udp } update @{{Refused}}6 { ip6 daddr . meta l4proto . th dport counter }
                    meta l4proto != { tcp, udp } update @{{RefusedOther}}4 { ip daddr . meta l4proto counter }
                    meta l4proto != { tcp, udp } update @{{RefusedOther}}6 { ip6 daddr . meta l4proto counter }
                    {{(policy.Watches ? "accept" : WallRules.Refusal)}}
                }
            }

            """).ToString();
    }

    private static string With(EgressPorts? ports) => ports is null ? "" : $" {ports.Match}";
}
