using System.Globalization;
using System.Text;
using VmExecutor.Core.Firewall;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Egress;

/// <summary>
/// The configuration of the name server of one VM's policy, for dnsmasq. It passes questions about allowed names on and puts the addresses into the sets of
/// <see cref="EgressTable"/>; every other name does not exist (NXDOMAIN), unless the policy only watches. It keeps no answers, so that each answer's addresses are in
/// the sets when the guest has them.
/// </summary>
public static class EgressNames
{
    /// <summary>Guests ask again after this many seconds, whatever the name's owner says, which is far less than the time an address may be reached for.</summary>
    private const int LongestAnswer = 5;

    /// <param name="place">The VM's place.</param>
    /// <param name="policy">The VM's policy.</param>
    /// <param name="resolvConf">The content of the host's resolv.conf, whose servers are asked.</param>
    /// <param name="account">The user and group that the server runs as.</param>
    /// <param name="files">The log and the file with the process id.</param>
    public static string Configuration(
        EgressPlace place, EgressPolicy policy, string resolvConf, (string User, string Group) account, (AbsolutePath Log, AbsolutePath Pid) files)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            # vm-executor: names of the policy '{PlainText.OneLine(policy.Name, 200)}' for the VM of {place.User.Name}
            port={place.ServerPort}
            listen-address={string.Join(',', place.Servers)}
            bind-interfaces
            no-resolv
            no-hosts
            cache-size=0
            max-ttl={LongestAnswer}
            log-queries=extra
            log-facility={files.Log}
            pid-file={files.Pid}
            user={account.User}
            group={account.Group}

            """);
        var servers = WallRules.NameServers(resolvConf).Select(server => server.Replace('%', '@')).ToList();
        if (policy.Watches)
        {
            Append(text, servers.Select(server => $"server={server}"));
        }
        else
        {
            text.Append("address=/#/\n");
        }

        var rules = policy.Rules.Where(rule => rule.Name is not null).ToList();
        var groups = Groups(rules);
        foreach (var name in rules.Select(rule => rule.Name!).Distinct())
        {
            Append(text, servers.Select(server => $"server=/{name}/{server}"));

            // dnsmasq takes a name for all names below it as well.
            if (!policy.Watches && !rules.Any(rule => rule.IsDomain && rule.Matches(name)))
            {
                Append(text, [$"address=/*.{name}/"]);
            }

            // Of several names in nftset that fit, the longest counts alone.
            var sets = rules.Where(rule => rule.Matches(name)).Select(rule => groups.IndexOf(rule.Ports)).Distinct().Order()
                .SelectMany(group => (string[])[$"4#inet#{place.Table}#{Set(group, 4)}", $"6#inet#{place.Table}#{Set(group, 6)}"]);
            Append(text, [$"nftset=/{name}/{string.Join(',', sets)}"]);
        }

        return text.ToString();
    }

    /// <summary>The distinct ports of rules about names; each has its own sets of addresses.</summary>
    internal static List<EgressPorts?> Groups(IEnumerable<EgressRule> rules) => [.. rules.Where(rule => rule.Name is not null).Select(rule => rule.Ports).Distinct()];

    internal static string Set(int group, int family) => string.Create(CultureInfo.InvariantCulture, $"names{group}_{family}");

    private static void Append(StringBuilder text, IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            text.Append(line).Append('\n');
        }
    }
}
