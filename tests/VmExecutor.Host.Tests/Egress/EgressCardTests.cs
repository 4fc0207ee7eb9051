using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Users;
using VmExecutor.EndToEnd.Tests.Attacks;
using VmExecutor.Host.Egress;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Users;
using VmExecutor.RunnerSimulator.Drivers;
using Xunit;

namespace VmExecutor.Host.Tests.Egress;

/// <summary>
/// Policies of guests on a libvirt network: root in the guest sends what it likes. Each wall is tried with the kernel's br_netfilter on and off, since hosts have either.
/// </summary>
public sealed class EgressCardTests : IDisposable
{
    // No user of this host has this number.
    private static readonly VmUser User = new("vm-executor-g0", 3_800_000_001, 3_800_000_001, 0);

    private const string Git = "192.0.2.2";
    private const string Other = "192.0.2.3";

    private static readonly string[] Addresses = [Other, "2001:db8::3"];
    private static readonly string[] OfHost = [EgressGuests.Host4, EgressGuests.Host6, "192.0.2.1", "2001:db8::1"];
    private static readonly string[] Neighbours = [EgressGuests.Neighbour4, EgressGuests.Neighbour6];

    private readonly EgressNetwork _network;
    private readonly Scorecard _scorecard = new();
    private EgressGuests? _guests;

    public EgressCardTests()
    {
        Prerequisite.Require(Environment.IsPrivilegedProcess, "only root makes network namespaces");
        Prerequisite.Require(File.Exists("/usr/sbin/nft") && File.Exists("/usr/sbin/dnsmasq"), "nftables or dnsmasq-base is not installed: executor/setup --test-tools");
        _network = new EgressNetwork();
    }

    public void Dispose()
    {
        _network.EndServers();
        _guests?.End();
        _network.Dispose();
    }

    [Theory(Timeout = 240_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_guest_reaches_an_allowed_name_and_nothing_else_which_it_reaches_without_a_policy(bool callsIptables)
    {
        var guests = Guests(callsIptables);
        var (address, host, neighbour) = (ReachesAll(Addresses), ReachesAll(OfHost), ReachesAll(Neighbours));
        var name = guests.Ask("other.test") == "yes";
        ReachesAll([Git, "2001:db8::2", "169.254.169.254"]).Should().BeTrue("the test proves nothing otherwise");
        guests.Reaches(Other, protocol: "icmp").Should().BeTrue();

        await PutUpAsync(".example.test");

        guests.Reaches(Git).Should().BeFalse("its name was not asked for");
        guests.Ask("git.example.test").Should().Be("yes");
        guests.Reaches(Git).Should().BeTrue();
        guests.Reaches(Git, protocol: "udp").Should().BeTrue();
        guests.Reaches(Git, protocol: "icmp").Should().BeTrue();
        guests.Reaches("2001:db8::2").Should().BeFalse("its address of this family was not asked for");
        guests.Ask("git.example.test", "AAAA").Should().Be("yes");
        guests.Reaches("2001:db8::2").Should().BeTrue();

        foreach (var leading in (string[])["self", "metadata"])
        {
            guests.Ask($"{leading}.example.test").Should().Be("yes");
        }

        ReachesAny(["169.254.169.254"]).Should().BeFalse("an allowed name opens nothing of a metadata service");
        _scorecard.Note("egress-network-name", held: guests.Ask("other.test") == "NXDOMAIN", control: name);
        _scorecard.Note("egress-network-address", held: !ReachesAny(Addresses) && !guests.Reaches(Other, protocol: "icmp"), control: address);
        _scorecard.Note("egress-network-host", held: !ReachesAny(OfHost), control: host, "an allowed name leads to 192.0.2.1");
        _scorecard.Note("egress-network-neighbour", held: !ReachesAny(Neighbours), control: neighbour);
        _scorecard.ShouldBeGreen();
        _network.ProbeFrom(guests.Neighbour, "tcp", Other, "8000").Should().Be("yes", "another guest is not concerned");
    }

    [Theory(Timeout = 240_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_name_server_of_the_policy_answers_all_questions_through_a_host_firewall_and_DHCP_and_the_drivers_connection_go_on(bool callsIptables)
    {
        var guests = Guests(callsIptables);
        guests.CloseHost();
        guests.Reaches(EgressGuests.Host4).Should().BeFalse("the host's firewall closes it");

        var place = await PutUpAsync(".example.test");

        foreach (var server in (string[])[EgressGuests.Host4, EgressGuests.Host6, Other, "2001:db8::3", "198.51.100.1"])
        {
            guests.Ask("other.test", server: server).Should().Be("NXDOMAIN", server);
        }

        guests.Ask("other.test", server: EgressGuests.Neighbour4).Should().Be("no", "it does not hear the guest");

        guests.Ask("git.example.test", server: EgressGuests.Host6).Should().Be("yes");
        guests.Ask("git.example.test", port: 0).Should().Be("yes", "by TCP, too");
        guests.Ask("other.test", port: 0, server: Other).Should().Be("NXDOMAIN");
        guests.Ask("git.example.test", port: place.ServerPort).Should().Be("no", "that port is closed to all guests");
        _network.ProbeFrom(guests.Neighbour, "A", EgressGuests.Host4, $"{place.ServerPort}", "git.example.test").Should().Be("no");
        _network.ProbeFrom(guests.Neighbour, "A", EgressGuests.Host4, "53", "other.test").Should().Be("yes", "the network's own name server answers the others");
        guests.InGuest("busybox udhcpc -i eth0 -n -q -t 5 -T 2 -s /bin/true").Should().Contain("lease of 10.9.0.5");
        _network.ProbeFrom(_network.HostId, "tcp", EgressGuests.Guest4, "8000").Should().Be("yes", "the driver's ssh is such a connection");
        _network.ProbeFrom(_network.HostId, "tcp", EgressGuests.Guest6, "8000").Should().Be("yes");
    }

    [Theory(Timeout = 240_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_guest_that_takes_another_card_address_or_tag_gets_nowhere(bool callsIptables)
    {
        // A broadcast, tagged and then of another protocol (EtherCAT), both with the guest's own address.
        const string Odd = "import socket; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind((\"eth0\", 0)); [s.send(b\"\\xff\" * 6 + bytes.fromhex(\"525400000002\") + bytes.fromhex(kind) + bytes(60)) for kind in (\"810000050800\", \"88a4\")]";
        var guests = Guests(callsIptables);
        var odd = guests.CountLeaving("ether type { 8021q, 0x88a4 }", hook: "prerouting", family: "bridge");
        guests.InGuest($"python3 -c '{Odd}'").Should().Be("");
        guests.Reaches(Other).Should().BeTrue();
        var sent = odd();

        await PutUpAsync(".example.test");
        guests.Ask("git.example.test").Should().Be("yes");

        guests.InGuest($"python3 -c '{Odd}'").Should().Be("");
        guests.Reaches(Git).Should().BeTrue();
        _scorecard.Note("egress-network-frames", held: odd() == sent, control: sent == 2, "a later packet has come through");
        guests.InGuest($"ip link set eth0 address 52:54:00:00:00:99; ip addr replace {EgressGuests.Guest4}/24 dev eth0; ip route replace default via {EgressGuests.Host4}").Should().Be("");
        var renamed = ReachesAny([Other, Git]);
        _network.Host($"nft flush chain bridge {new EgressPlace(User).Table} prerouting");
        _scorecard.Note("egress-network-mac", held: !renamed, control: guests.Reaches(Other));
        _network.Host($"nft add rule bridge {new EgressPlace(User).Table} prerouting iifname {guests.Card.Tap} goto guest").Should().Be("");
        guests.InGuest($"ip link set eth0 address {EgressGuests.Mac}; ip addr flush dev eth0; ip addr add 10.9.0.77/24 dev eth0; ip route replace default via {EgressGuests.Host4}").Should().Be("");
        guests.Reaches(Other).Should().BeFalse("another IP address changes nothing");
        guests.Reaches(Git).Should().BeTrue();
        _scorecard.ShouldBeGreen();
    }

    [Theory(Timeout = 240_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_of_another_guest_opens_nothing_to_one_that_sends_in_its_name(bool callsIptables)
    {
        const string Flow = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((\"10.9.0.3\", 5555)); s.settimeout(5); s.sendto(b\"x\", (\"192.0.2.3\", 8000)); print(len(s.recv(9)))";
        const string Forged = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((\"10.9.0.3\", 5555)); s.sendto(b\"x\" * 77, (\"192.0.2.3\", 8000))";
        var guests = Guests(callsIptables);
        await PutUpAsync(".example.test");
        var seen = guests.CountLeaving("ip daddr 192.0.2.3 udp length 85");
        var after = guests.LaterComesThrough();
        EgressNetwork.In(guests.Neighbour, $"python3 -c '{Flow}'").Trim().Should().Be("1", "the other guest has the connection");
        guests.InGuest("ip addr add 10.9.0.3/32 dev eth0").Should().Be("");

        guests.InGuest($"python3 -c '{Forged}'").Should().Be("");
        after().Should().BeTrue();
        var passed = seen();

        _network.Host($"nft flush chain inet {new EgressPlace(User).Table} zone");
        guests.InGuest($"python3 -c '{Forged}'").Should().Be("");
        after().Should().BeTrue();
        _scorecard.Note("egress-network-forged", held: passed == 0, control: seen() == 1, "a later packet has come through");
        _scorecard.ShouldBeGreen();
    }

    [Theory(Timeout = 240_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Neighbours_are_reached_where_a_network_of_the_policy_names_them_and_hear_nothing_otherwise(bool callsIptables)
    {
        const string Advertise = "import socket; s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6); s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255); s.sendto(bytes([134, 0, 0, 0, 64, 0, 7, 8]) + bytes(8), (\"ff02::1%eth0\", 0))";
        var guests = Guests(callsIptables);
        var advertised = guests.CountLeaving("icmpv6 type nd-router-advert", guests.Neighbour, "prerouting");
        guests.InGuest($"python3 -c '{Advertise}'").Should().Be("");
        guests.Reaches(EgressGuests.Neighbour4).Should().BeTrue();
        var heard = advertised();

        await PutUpAsync($"{EgressGuests.Neighbour4}:8000", $"{EgressGuests.Neighbour6}/128");
        guests.InGuest("ip neigh flush all; ip -6 neigh flush all");

        guests.Reaches(EgressGuests.Neighbour4).Should().BeTrue();
        guests.Reaches(EgressGuests.Neighbour6).Should().BeTrue();
        guests.Reaches(EgressGuests.Neighbour4, 8001).Should().BeFalse();
        guests.InGuest($"python3 -c '{Advertise}'").Should().Be("");
        guests.Reaches(EgressGuests.Neighbour4).Should().BeTrue();
        _scorecard.Note("egress-network-advertised", held: advertised() == heard, control: heard == 1, "a later frame has come through");
        _scorecard.ShouldBeGreen();
    }

    [Fact(Timeout = 240_000)]
    public async Task Refusals_are_read_and_a_policy_that_watches_refuses_nothing()
    {
        var guests = Guests(callsIptables: false);
        var policy = Policy(".example.test");
        var place = new EgressPlace(User, guests.Card);
        await Wall().PutUpAsync(policy, place, default);
        guests.Ask("other.test");
        guests.Ask("git.example.test");
        guests.Reaches(Other, 8001);
        guests.Reaches(EgressGuests.Host4);
        guests.Reaches("2001:db8::3", 8000, "udp");

        var notes = await Wall().ReadAsync(policy, User, default);
        notes.Allowed.Keys.Should().Equal("git.example.test");
        notes.Refused.Keys.Should().BeEquivalentTo("other.test", "192.0.2.3:8001", "10.9.0.1:8000", "[2001:db8::3]:8000/udp");

        await Wall().PutUpAsync(policy with { Watches = true }, place, default);
        guests.Ask("other.test").Should().Be("yes");
        foreach (var address in (string[])[Other, "2001:db8::3", EgressGuests.Host4, EgressGuests.Neighbour4])
        {
            guests.Reaches(address).Should().BeTrue(address);
        }

        notes = await Wall().ReadAsync(policy with { Watches = true }, User, default);
        notes.Refused.Keys.Should().Contain(["other.test", "other.test:8000 (192.0.2.3)", "10.9.0.1:8000", "[2001:db8::3]:8000"]);
    }

    [Fact(Timeout = 240_000)]
    public async Task Lost_rules_of_either_table_are_put_back_and_nothing_is_left_in_the_end()
    {
        var guests = Guests(callsIptables: false);
        var (policy, place) = (Policy(".example.test"), new EgressPlace(User, guests.Card));
        await Wall().PutUpAsync(policy, place, default);
        (await Wall().EnsureAsync(policy, place, default)).Should().BeEmpty();

        foreach (var family in (string[])["bridge", "inet"])
        {
            _network.Host($"nft delete table {family} {place.Table}").Should().Be("");
            (await Wall().EnsureAsync(policy, place, default)).Should().Equal("the rules");
            guests.Reaches(Other).Should().BeFalse();
        }

        // As when the host's firewall is loaded anew.
        var unit = File.ReadAllLines(Path.Combine(BuiltDriver.Checkout(), "executor/systemd/vm-executor-wall.service")).Single(line => line.StartsWith("ExecStart=", StringComparison.Ordinal));
        _network.Host($"nft flush ruleset; {unit["ExecStart=".Length..].Replace("$$", "$").Replace("/run/vm-executor", _network.Home.Value)}").Should().Be("");
        (await Wall().EnsureAsync(policy, place, default)).Should().BeEmpty("the unit has put them back");
        guests.Reaches(Other).Should().BeFalse();

        File.Delete($"{_network.Home}/egress/{User.Name}.nft");
        (await Wall().CollectAsync(dryRun: false, asksKernel: false, default)).Should().BeEmpty("no file tells of them");
        (await Wall().CollectAsync(dryRun: false, asksKernel: true, default)).Should().Equal((User.Name, null));
        _network.Host("nft list tables").Should().NotContain("egress");
        Wall().Has(User).Should().BeFalse();
        guests.Reaches(Other).Should().BeTrue("its policy has gone");
    }

    private EgressGuests Guests(bool callsIptables) => _guests = new EgressGuests(_network, User, callsIptables);

    private async Task<EgressPlace> PutUpAsync(params string[] rules)
    {
        var place = new EgressPlace(User, _guests!.Card);
        await Wall().PutUpAsync(Policy(rules), place, default);
        return place;
    }

    private bool ReachesAll(IEnumerable<string> addresses) => addresses.All(address => _guests!.Reaches(address) && _guests.Reaches(address, protocol: "udp"));

    private bool ReachesAny(IEnumerable<string> addresses) => addresses.Any(address => _guests!.Reaches(address, patience: 1) || _guests.Reaches(address, protocol: "udp", patience: 1));

    private static EgressPolicy Policy(params string[] rules) => new("base", false, [.. rules.Select(EgressRule.Parse)]);

    private EgressWall Wall() => new(
        LibvirtUri.System,
        new VmUsers(UserPerVm.Auto, () => new VmUserChoice(new VmUserPool([User], 0), null), _network.Home.Child("claims"), TimeProvider.System),
        new ToolRunner(new ToolEnvironment(new Dictionary<string, string> { ["PATH"] = _network.Path }), TimeProvider.System),
        TimeProvider.System)
    {
        Directory = _network.Home.Child("egress"),
        ResolvConf = () => EgressNetwork.Resolv,
    };
}
