using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Users;
using VmExecutor.EndToEnd.Tests.Attacks;
using VmExecutor.Host.Egress;
using VmExecutor.Host.Firewall;
using VmExecutor.Host.Libvirt;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Users;
using VmExecutor.RunnerSimulator.Drivers;
using Xunit;

namespace VmExecutor.Host.Tests.Egress;

/// <summary>Policies in the kernel, with nft and dnsmasq, in network namespaces of the test's own. What is said is said as the users that VMs run as.</summary>
public sealed partial class EgressWallTests : IDisposable
{
    // No user of this host has these numbers.
    private static readonly VmUser Guest = new("vm-executor-g0", 3_800_000_001, 3_800_000_001, 0);
    private static readonly VmUser Neighbour = new("vm-executor-g1", 3_800_000_002, 3_800_000_002, 0);
    private const uint Stranger = 3_800_000_003;

    private const string Git = "192.0.2.2";
    private const string Other = "192.0.2.3";

    private readonly EgressNetwork _network;
    private bool _hasUnit;
    private readonly LibvirtHypervisor _hypervisor = new("qemu:///system", TimeSpan.FromSeconds(60), TimeProvider.System);

    public EgressWallTests()
    {
        Prerequisite.Require(Environment.IsPrivilegedProcess, "only root makes network namespaces");
        Prerequisite.Require(File.Exists("/usr/sbin/nft") && File.Exists("/usr/sbin/dnsmasq"), "nftables or dnsmasq-base is not installed: executor/setup --test-tools");
        _network = new EgressNetwork();
    }

    public void Dispose()
    {
        _network.EndServers();
        _hypervisor.Dispose();
        _network.Dispose();
    }

    [Fact(Timeout = 180_000)]
    public async Task A_guest_reaches_an_allowed_name_and_nothing_else_which_it_reaches_without_a_policy()
    {
        foreach (var address in (string[])[Git, Other, "2001:db8::2", "2001:db8::3"])
        {
            _network.Reaches(Guest.Id, address).Should().BeTrue($"{address} is there: the test proves nothing otherwise");
            _network.Reaches(Guest.Id, address, protocol: "udp").Should().BeTrue(address);
        }

        _network.Reaches(Guest.Id, Other, protocol: "icmp").Should().BeTrue();
        _network.Ask(Guest.Id, "other.test").Should().Be("yes");

        await Wall().PutUpAsync(Policy(".example.test"), new(Guest), default);

        _network.Reaches(Guest.Id, Git).Should().BeFalse("its name was not asked for");
        _network.Ask(Guest.Id, "git.example.test").Should().Be("yes");
        _network.Reaches(Guest.Id, Git).Should().BeTrue();
        _network.Reaches(Guest.Id, Git, protocol: "udp").Should().BeTrue();
        _network.Reaches(Guest.Id, Git, protocol: "icmp").Should().BeTrue();
        _network.Reaches(Guest.Id, "2001:db8::2").Should().BeFalse("its address of this family was not asked for");
        _network.Ask(Guest.Id, "git.example.test", "AAAA").Should().Be("yes");
        _network.Reaches(Guest.Id, "2001:db8::2").Should().BeTrue();

        foreach (var kind in (string[])["A", "AAAA", "TXT", "ANY"])
        {
            _network.Ask(Guest.Id, "other.test", kind).Should().Be("NXDOMAIN", kind);
        }

        foreach (var protocol in (string[])["tcp", "udp", "icmp"])
        {
            _network.Reaches(Guest.Id, Other, protocol: protocol).Should().BeFalse(protocol);
        }

        _network.Reaches(Guest.Id, "2001:db8::3").Should().BeFalse();
        _network.Reaches(Guest.Id, "2001:db8::3", protocol: "udp").Should().BeFalse();
        _network.Reaches(Stranger, Other).Should().BeTrue("other users of the host are not concerned");
        _network.Ask(Stranger, "other.test").Should().Be("yes");
    }

    [Fact(Timeout = 180_000)]
    public async Task Other_name_servers_cannot_be_asked()
    {
        await Wall().PutUpAsync(Policy(".example.test"), new(Guest), default);

        _network.Ask(Guest.Id, "other.test", server: Other).Should().Be("NXDOMAIN", "every server is the policy's own");
        _network.Ask(Guest.Id, "other.test", server: "198.51.100.1", port: 53).Should().NotBe("yes");
        _network.Ask(Guest.Id, "other.test", port: 0).Should().Be("NXDOMAIN", "by TCP, too");
        _network.Ask(Guest.Id, "git.example.test", port: 0).Should().Be("yes");
        _network.Ask(Guest.Id, "other.test", server: "2001:db8::2").Should().Be("no", "by IPv6 none is asked");
        _network.Ask(Guest.Id, "other.test", server: "127.0.0.1").Should().Be("NXDOMAIN");
    }

    [Fact(Timeout = 180_000)]
    public async Task A_machine_that_sends_to_the_guest_first_gets_no_answer()
    {
        _network.Answers(Guest.Id).Should().BeTrue("the test proves nothing otherwise");

        await Wall().PutUpAsync(Policy(".example.test"), new(Guest), default);
        _network.Answers(Guest.Id).Should().BeFalse();
        _network.Host($"nft insert rule inet {new EgressPlace(Guest).Table} guest ct state established,related accept").Should().Be("");
        _network.Answers(Guest.Id).Should().BeTrue("that is what a rule for all that is established would do");

        await Wall().PutUpAsync(Policy("192.0.2.3"), new(Guest), default);
        _network.Answers(Guest.Id).Should().BeTrue("that machine may be reached");
    }

    [Fact(Timeout = 180_000)]
    public async Task A_name_means_itself_and_only_its_ports_where_the_policy_says_so()
    {
        await Wall().PutUpAsync(Policy("only.test:8000", "git.example.test:8001/udp"), new(Guest), default);
        _network.Ask(Guest.Id, "only.test").Should().Be("yes");
        _network.Ask(Guest.Id, "below.only.test").Should().Be("NXDOMAIN");
        _network.Ask(Guest.Id, "git.example.test").Should().Be("yes");
        _network.Ask(Guest.Id, "zero.example.test").Should().Be("NXDOMAIN");

        _network.Reaches(Guest.Id, Other, 8000).Should().BeTrue();
        _network.Reaches(Guest.Id, Other, 8001).Should().BeFalse();
        _network.Reaches(Guest.Id, Other, 8000, "udp").Should().BeFalse();
        _network.Reaches(Guest.Id, Git, 8001, "udp").Should().BeTrue();
        _network.Reaches(Guest.Id, Git, 8001).Should().BeFalse();
    }

    [Fact(Timeout = 180_000)]
    public async Task Networks_are_reached_without_a_name()
    {
        await Wall().PutUpAsync(Policy("192.0.2.3/32:8000", "2001:db8::3/128"), new(Guest), default);

        _network.Reaches(Guest.Id, Other, 8000).Should().BeTrue();
        _network.Reaches(Guest.Id, Other, 8001).Should().BeFalse();
        _network.Reaches(Guest.Id, "2001:db8::3", 8001).Should().BeTrue();
        _network.Reaches(Guest.Id, Git).Should().BeFalse();
        _network.Ask(Guest.Id, "git.example.test").Should().Be("NXDOMAIN");
    }

    [Fact(Timeout = 180_000)]
    public async Task An_allowed_name_opens_nothing_of_the_host_nor_a_metadata_service()
    {
        await Wall().PutUpAsync(Policy(".example.test"), new(Guest), default);
        await new GuestWall(new FirewallSettings(), _hypervisor, Users(), Tools(), TimeProvider.System) { Directory = _network.Home.Child("rules"), Policies = _network.Home.Child("egress") }
            .PutUpAsync(Guest, default);

        foreach (var (name, address) in new[] { ("loopback", "127.0.0.1"), ("self", "192.0.2.1"), ("metadata", "169.254.169.254") })
        {
            _network.Reaches(Stranger, address).Should().BeTrue(address);
            _network.Ask(Guest.Id, $"{name}.example.test").Should().Be("yes");
            _network.Reaches(Guest.Id, address).Should().BeFalse(address);
        }

        _network.Ask(Guest.Id, "git.example.test").Should().Be("yes", "the wall leaves the way to the policy's name server open");
        _network.Reaches(Guest.Id, Git).Should().BeTrue();
    }

    [Fact(Timeout = 180_000)]
    public async Task An_alias_leads_where_its_owner_says_and_what_it_leads_to_cannot_be_asked_for()
    {
        await Wall().PutUpAsync(Policy(".example.test"), new(Guest), default);

        _network.Ask(Guest.Id, "cdn.test").Should().Be("NXDOMAIN");
        _network.Reaches(Guest.Id, "192.0.2.4").Should().BeFalse();
        _network.Ask(Guest.Id, "alias.example.test").Should().Be("yes");
        _network.Reaches(Guest.Id, "192.0.2.4").Should().BeTrue("the owner of an allowed name says where it is");
    }

    [Fact(Timeout = 180_000)]
    public async Task An_address_is_open_for_its_time_alone_and_again_when_its_name_is_asked_for_again()
    {
        await Wall(TimeSpan.FromSeconds(2)).PutUpAsync(Policy(".example.test"), new(Guest), default);

        // That its answer is good for no second shortens nothing.
        AskUntilItIsReached();
        while (_network.Reaches(Guest.Id, "192.0.2.5"))
        {
        }

        AskUntilItIsReached();

        // On a busy machine the address's time can be over before it is tried. An address that is never opened exceeds the test's limit.
        void AskUntilItIsReached()
        {
            do
            {
                _network.Ask(Guest.Id, "zero.example.test").Should().Be("yes");
            }
            while (!_network.Reaches(Guest.Id, "192.0.2.5"));
        }
    }

    [Fact(Timeout = 180_000)]
    public async Task Policies_of_two_guests_are_apart()
    {
        await Wall().PutUpAsync(Policy(".example.test"), new(Guest), default);
        await Wall().PutUpAsync(Policy(".example.test"), new(Neighbour), default);
        _network.Ask(Guest.Id, "git.example.test").Should().Be("yes");

        _network.Reaches(Guest.Id, Git).Should().BeTrue();
        _network.Reaches(Neighbour.Id, Git).Should().BeFalse("it has not asked for the name itself");
        _network.Ask(Neighbour.Id, "git.example.test", server: new EgressPlace(Guest).Servers[0].ToString(), port: EgressPlace.Port).Should().Be("no", "the other's name server is closed to it");

        await Wall().RemoveAsync(Neighbour.Name, default);
        _network.Reaches(Neighbour.Id, Other).Should().BeTrue("its policy has gone");
        _network.Reaches(Guest.Id, Other).Should().BeFalse();
    }

    [Fact(Timeout = 180_000)]
    public async Task Parts_that_were_lost_are_put_back_and_those_that_are_there_are_left_alone()
    {
        var policy = Policy(".example.test");
        await Wall().PutUpAsync(policy, new(Guest), default);
        _network.Ask(Guest.Id, "git.example.test").Should().Be("yes");
        (await Wall().EnsureAsync(policy, new(Guest), default)).Should().BeEmpty();
        _network.Reaches(Guest.Id, Git).Should().BeTrue("nothing was put up anew");

        _network.Host("nft flush ruleset");
        _network.Reaches(Guest.Id, Other).Should().BeTrue("that took the rules away");
        (await Wall().EnsureAsync(policy, new(Guest), default)).Should().Equal("the rules");
        _network.Reaches(Guest.Id, Other).Should().BeFalse();

        _network.EndServers();
        (await Wall().EnsureAsync(policy, new(Guest), default)).Should().Equal("the name server");
        _network.Ask(Guest.Id, "git.example.test").Should().Be("yes");
    }

    [Fact(Timeout = 180_000)]
    public async Task A_firewall_that_is_loaded_anew_gets_the_policies_from_the_file_of_the_unit_and_addresses_stay_open_when_it_is_loaded_twice()
    {
        await Wall().PutUpAsync(Policy(".example.test"), new(Guest), default);
        await new GuestWall(new FirewallSettings(), _hypervisor, Users(), Tools(), TimeProvider.System) { Directory = _network.Home.Child("rules"), Policies = _network.Home.Child("egress") }
            .PutUpAsync(Guest, default);

        _network.Host($"nft flush ruleset; nft -f {_network.Home}/rules/{GuestWall.RulesName}").Should().Be("");
        _network.Reaches(Guest.Id, Other).Should().BeFalse();
        _network.Ask(Guest.Id, "git.example.test").Should().Be("yes");
        _network.Host($"nft -f {_network.Home}/rules/{GuestWall.RulesName}").Should().Be("");
        _network.Reaches(Guest.Id, Git).Should().BeTrue();
    }

    [Fact(Timeout = 180_000)]
    public async Task Nothing_is_left_of_the_policy_of_a_clone_that_is_gone()
    {
        await Wall().PutUpAsync(Policy(".example.test"), new(Guest), default);
        var pid = File.ReadAllText($"{_network.Home}/egress/{Guest.Name}.pid").Trim();

        (await Wall().CollectAsync(dryRun: true, asksKernel: false, default)).Should().Equal((Guest.Name, null));
        _network.Ask(Guest.Id, "other.test").Should().Be("NXDOMAIN", "that was only a look");
        (await Wall().CollectAsync(dryRun: false, asksKernel: false, default)).Should().Equal((Guest.Name, null));

        _network.Host("nft list tables").Should().NotContain("egress");
        _network.Host($"cat /proc/{pid}/cmdline 2> /dev/null || true").Should().BeEmpty("it has ended, whether or not it was waited for");
        Directory.GetFiles($"{_network.Home}/egress").Should().OnlyContain(file => file.EndsWith(".lock"));
        (await Wall().CollectAsync(dryRun: false, asksKernel: false, default)).Should().BeEmpty();
    }

    [Fact(Timeout = 180_000)]
    public async Task A_removal_that_was_interrupted_is_gone_on_with_by_the_next()
    {
        await Wall().PutUpAsync(Policy(".example.test"), new(Guest), default);
        var whole = File.ReadAllText(_network.Tool("nft"));
        ProgramFile.Write(_network.Tool("nft"), whole.Replace("#!/bin/sh\n", "#!/bin/sh\ncase $1 in delete) echo interrupted >&2; exit 1;; esac\n"));
        await FluentActions.Awaiting(() => Wall().RemoveAsync(Guest.Name, default)).Should().ThrowAsync<SystemFailureException>().WithMessage("*interrupted*");
        ProgramFile.Write(_network.Tool("nft"), whole);

        _network.Host("nft list tables").Should().Contain("egress");
        Directory.GetFiles($"{_network.Home}/egress", "*.nft").Should().BeEmpty("a firewall that is loaded anew must not put them back");
        Wall().Has(Guest).Should().BeTrue();
        await Wall().RemoveAsync(Guest.Name, default);

        _network.Host("nft list tables").Should().NotContain("egress");
        Wall().Has(Guest).Should().BeFalse();
    }

    [Fact(Timeout = 180_000)]
    public async Task The_name_server_is_no_root_process_and_holds_none_of_the_drivers_streams()
    {
        await Wall().PutUpAsync(Policy(".example.test"), new(Guest), default);
        var pid = File.ReadAllText($"{_network.Home}/egress/{Guest.Name}.pid").Trim();

        File.ReadAllLines($"/proc/{pid}/status").Single(line => line.StartsWith("Uid:")).Split('\t').Skip(1).Should().NotContain("0");
        new FileInfo($"/proc/{pid}/fd/1").LinkTarget.Should().Be("/dev/null");
        new FileInfo($"/proc/{pid}/fd/2").LinkTarget.Should().Be("/dev/null");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_policy_that_cannot_be_kept_is_refused()
    {
        await Refuses(new EgressWall("qemu:///session", Users(), Tools(), TimeProvider.System) { Directory = _network.Home.Child("egress") }, Guest, "qemu:///session");
        await Refuses(Wall(), null, "no user of its own");
        await Refuses(
            new EgressWall(LibvirtUri.System, new VmUsers(UserPerVm.Off, () => new VmUserChoice(null, "'libvirt: user_per_vm' is off"), _network.Home, TimeProvider.System), Tools(), TimeProvider.System),
            Guest,
            "user_per_vm");
        ProgramFile.Write(_network.Tool("dnsmasq"), "#!/bin/sh\necho 'Dnsmasq version 2.85  Copyright'; echo 'Compile time options: IPv6 ipset no-nftset'\n");
        await Refuses(Wall(), Guest, "2.85");
        File.Delete(_network.Tool("dnsmasq"));
        ProgramFile.Write(_network.Tool("nft"), "#!/bin/sh\necho 'no nf_tables here' >&2; exit 1\n");
        await Refuses(Wall(), Guest, "no nf_tables here");

        static async Task Refuses(EgressWall wall, VmUser? user, string why) =>
            (await FluentActions.Awaiting(() => wall.PutUpAsync(Policy(".example.test"), user is null ? null : new EgressPlace(user), default)).Should().ThrowAsync<SystemFailureException>())
            .Which.Should().Match<SystemFailureException>(e => e.Code == ErrorCodes.EgressImpossible && e.Message.Contains(why));
    }

    /// <summary>The attempts of a guest to get around its policy, for the scorecard. Each is also made where the wall is not there, and must succeed.</summary>
    [Fact(Timeout = 180_000)]
    public async Task Each_attempt_to_get_around_a_policy_fails_and_succeeds_without_it()
    {
        const string Neighbours = "192.0.2.2";
        (string Name, Func<bool> Succeeds)[] attacks =
        [
            ("egress-name", () => ((string[])["A", "AAAA"]).Any(kind => _network.Ask(Guest.Id, "other.test", kind) == "yes")),
            ("egress-name-tcp", () => _network.Ask(Guest.Id, "other.test", port: 0) == "yes"),
            ("egress-other-server6", () => _network.Ask(Guest.Id, "other.test", server: "2001:db8::2") == "yes"),
            ("egress-address", () => _network.Reaches(Guest.Id, Other)),
            ("egress-address-udp", () => _network.Reaches(Guest.Id, Other, protocol: "udp")),
            ("egress-address-icmp", () => _network.Reaches(Guest.Id, Other, protocol: "icmp")),
            ("egress-address6", () => _network.Reaches(Guest.Id, "2001:db8::3")),
            ("egress-address6-udp", () => _network.Reaches(Guest.Id, "2001:db8::3", protocol: "udp")),
            ("egress-alias-target", () => _network.Ask(Guest.Id, "cdn.test") == "yes" && _network.Reaches(Guest.Id, "192.0.2.4")),
            ("egress-spoken-to", () => _network.Answers(Guest.Id)),
            ("egress-rebound-loopback", () => _network.Ask(Guest.Id, "loopback.example.test") == "yes" && _network.Reaches(Guest.Id, "127.0.0.1")),
            ("egress-rebound-host", () => _network.Ask(Guest.Id, "self.example.test") == "yes" && _network.Reaches(Guest.Id, "192.0.2.1")),
            ("egress-rebound-metadata", () => _network.Ask(Guest.Id, "metadata.example.test") == "yes" && _network.Reaches(Guest.Id, "169.254.169.254")),
        ];
        var control = attacks.ToDictionary(attack => attack.Name, attack => attack.Succeeds());

        await Wall(TimeSpan.FromSeconds(3)).PutUpAsync(Policy(".example.test"), new(Guest), default);
        await Wall().PutUpAsync(Policy(".example.test"), new(Neighbour), default);
        var scorecard = new Scorecard();
        foreach (var (name, succeeds) in attacks)
        {
            scorecard.Note(name, held: !succeeds(), control[name]);
        }

        // A neighbour has asked for a name: its address and its name server are its own.
        var asked = _network.Ask(Neighbour.Id, "git.example.test") == "yes" && _network.Reaches(Neighbour.Id, Neighbours);
        scorecard.Note("egress-neighbours-address", held: !_network.Reaches(Guest.Id, Neighbours), control: asked);
        var server = new EgressPlace(Neighbour).Servers[0].ToString();
        scorecard.Note(
            "egress-neighbours-server",
            held: _network.Ask(Guest.Id, "git.example.test", server: server, port: EgressPlace.Port) != "yes",
            control: _network.Ask(Stranger, "git.example.test", server: server, port: EgressPlace.Port) == "yes");

        // A name whose answer is good for no second, and an address that is kept for longer than its name was good for.
        var open = await Eventually(() => _network.Ask(Guest.Id, "zero.example.test") == "yes" && _network.Reaches(Guest.Id, "192.0.2.5"));
        var closed = await Eventually(() => !_network.Reaches(Guest.Id, "192.0.2.5"));
        scorecard.Note("egress-address-kept", held: closed, control: open);

        // Ten thousand names as fast as can be: what is dropped must not be what the policy refuses, and the name server goes on.
        var (pid, log) = (File.ReadAllText($"{_network.Home}/egress/{Guest.Name}.pid").Trim(), $"{_network.Home}/egress/{Guest.Name}.log");
        var flood = _network.Flood(Guest.Id, 10_000, "n{0}.example.test");
        var answered = await Eventually(() => _network.Ask(Guest.Id, "git.example.test") == "yes");
        scorecard.Note(
            "egress-ten-thousand-names",
            held: answered && Directory.Exists($"/proc/{pid}") && new FileInfo(log).Length < 8_000_000 && !_network.Reaches(Guest.Id, Other),
            control: null,
            $"{flood}; {new FileInfo(log).Length} bytes of log");
        scorecard.ShouldBeGreen();

        async Task<bool> Eventually(Func<bool> question)
        {
            for (var attempt = 0; attempt < 300; attempt++)
            {
                if (question())
                {
                    return true;
                }

                await Task.Delay(100, TestContext.Current.CancellationToken);
            }

            return false;
        }
    }

    private static EgressPolicy Policy(params string[] rules) => new("base", false, [.. rules.Select(EgressRule.Parse)]);

    private EgressWall Wall(TimeSpan? life = null) => new(LibvirtUri.System, Users(), Tools(), TimeProvider.System)
    {
        Directory = _network.Home.Child("egress"),
        ResolvConf = () => EgressNetwork.Resolv,
        Servers = new EgressServers(Tools(), TimeProvider.System) { HasUnit = _ => _hasUnit },
        AddressLife = life ?? TimeSpan.FromMinutes(15),
    };

    private VmUsers Users() => new(UserPerVm.Auto, () => new VmUserChoice(new VmUserPool([Guest, Neighbour], 0), null), _network.Home.Child("claims"), TimeProvider.System);

    private ToolRunner Tools() => new(new ToolEnvironment(new Dictionary<string, string> { ["PATH"] = _network.Path }), TimeProvider.System);
}
