using System.Globalization;
using FluentAssertions;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Users;

namespace VmExecutor.Host.Tests.Egress;

/// <summary>
/// Two guests on a bridge of the host, as libvirt makes it for a network: each is a network namespace, whose cable ends on the bridge in a device with the name of a tap. The
/// bridge has its own DHCP and name server. The host has a firewall that lets nothing in from the bridge but DHCP and DNS, as those of distributions do.
/// </summary>
internal sealed class EgressGuests
{
    public const string Host4 = "10.9.0.1";
    public const string Host6 = "fd00:9::1";
    public const string Guest4 = "10.9.0.2";
    public const string Guest6 = "fd00:9::2";
    public const string Neighbour4 = "10.9.0.3";
    public const string Neighbour6 = "fd00:9::3";
    public const string Mac = "52:54:00:00:00:02";

    private readonly EgressNetwork _network;

    public EgressGuests(EgressNetwork network, VmUser user, bool callsIptables)
    {
        _network = network;
        Card = new EgressCard(EgressCard.TapOf(user), Mac, [$"{Host4}/24", $"{Host6}/64"]);
        Guest = network.Serve("/usr/bin/python3", "-c", EgressNetwork.Servers);
        Neighbour = network.Serve("/usr/bin/python3", "-c", EgressNetwork.Servers);
        var call = callsIptables ? 1 : 0;
        _network.Host($"""
            sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
            [ ! -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || sysctl -qw net.bridge.bridge-nf-call-iptables={call} net.bridge.bridge-nf-call-ip6tables={call}
            ip link add name virbr9 type bridge; ip addr add {Host4}/24 dev virbr9; ip -6 addr add {Host6}/64 dev virbr9 nodad; ip link set virbr9 up
            """).Should().Be("");
        Connect(Guest, Card.Tap, Mac, Guest4, Guest6);
        Connect(Neighbour, "vnet7", "52:54:00:00:00:03", Neighbour4, Neighbour6);
        EgressNetwork.In(network.OtherId, "ip route add 10.9.0.0/24 via 192.0.2.1; ip -6 route add fd00:9::/64 via 2001:db8::1").Should().Be("");
        _network.Host($"dnsmasq --bind-interfaces --interface=virbr9 --except-interface=lo --dhcp-range=10.9.0.50,10.9.0.60 --dhcp-leasefile={network.Home}/leases --no-resolv --no-hosts --server=192.0.2.2 --pid-file={network.Home}/own.pid").Should().Be("");
    }

    public EgressCard Card { get; }

    /// <summary>The process whose network namespace is the guest's.</summary>
    public int Guest { get; }

    /// <summary>The same of another guest, which has no policy.</summary>
    public int Neighbour { get; }

    /// <summary>As the rules of libvirt and of distributions: of what guests send to the host only this comes through.</summary>
    public void CloseHost() => _network.Host("""
        nft add table inet firewall; nft add chain inet firewall input '{ type filter hook input priority filter; }'
        nft add rule inet firewall input iifname virbr9 ct state new meta l4proto '{ tcp, udp }' th dport != '{ 53, 67 }' drop
        """).Should().Be("");

    public void End() => _network.Host($"kill $(cat {_network.Home}/own.pid)");

    public string Ask(string name, string kind = "A", string server = Host4, int port = 53) => _network.ProbeFrom(Guest, kind, server, port.ToString(CultureInfo.InvariantCulture), name);

    /// <param name="address">The address.</param>
    /// <param name="port">The port.</param>
    /// <param name="protocol">The protocol.</param>
    /// <param name="patience">The seconds that an answer may take; fewer where none is to come and each look would take them all.</param>
    public bool Reaches(string address, int port = 8000, string protocol = "tcp", int patience = 5) => _network.ProbeFrom(Guest, patience, protocol, address, port.ToString(CultureInfo.InvariantCulture)) == "yes";

    public string InGuest(string script) => EgressNetwork.In(Guest, script);

    /// <summary>Counts packets that leave the host, by a condition of nft; returns what tells their number.</summary>
    public Func<int> CountLeaving(string condition, int? place = null, string hook = "postrouting", string family = "inet")
    {
        var where = place ?? _network.HostId;
        EgressNetwork.In(where, $"nft 'table {family} watch {{ counter seen {{ }} ; chain every {{ type filter hook {hook} priority 300; }} ; }}'; nft add rule {family} watch every {condition} counter name seen").Should().Be("");
        return () => int.Parse(EgressNetwork.In(where, $"nft list counter {family} watch seen | grep -o 'packets [0-9]*'").Trim().Split(' ')[1], CultureInfo.InvariantCulture);
    }

    /// <summary>A packet that may pass and was sent after all others has come through: they had their time.</summary>
    public Func<bool> LaterComesThrough() => () =>
    {
        Ask("git.example.test").Should().Be("yes");
        return Reaches("192.0.2.2", protocol: "udp");
    };

    private void Connect(int guest, string tap, string mac, string v4, string v6)
    {
        var id = guest.ToString(CultureInfo.InvariantCulture);
        _network.Host($"ip link add name {tap} type veth peer name eth0 netns {id}; ip link set {tap} master virbr9; ip link set {tap} up").Should().Be("");
        EgressNetwork.In(guest, $"sysctl -qw net.ipv4.ping_group_range='0 2147483647'; ip link set lo up; ip link set eth0 address {mac}; ip addr add {v4}/24 dev eth0; ip -6 addr add {v6}/64 dev eth0 nodad; ip link set eth0 up; ip route add default via {Host4}; ip -6 route add default via {Host6}").Should().Be("");
    }
}
