using System.Diagnostics;
using System.Globalization;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Users;
using VmExecutor.Core.Values;
using VmExecutor.Host.Firewall;
using VmExecutor.Host.Libvirt;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Users;
using VmExecutor.RunnerSimulator.Drivers;
using Xunit;

namespace VmExecutor.Host.Tests.Firewall;

/// <summary>
/// The rules in the kernel, in a network namespace of the test's own: a host with a loopback and addresses of its own, and another machine behind it that also has the
/// address of a cloud's metadata service. Connections are made as the users that VMs run as; each is tried without the rules, too.
/// </summary>
public sealed class GuestWallTests : IDisposable
{
    private const string Loopback = "127.0.0.1/8000";
    private const string Other = "192.0.2.2/8000";

    // No user of this host has these numbers.
    private static readonly VmUser Guest = new("g0", 3_800_000_001, 3_800_000_001, 0);
    private static readonly VmUser Neighbour = new("g1", 3_800_000_002, 3_800_000_002, 0);
    private const uint Stranger = 3_800_000_003;

    private static readonly string[] Closed =
    [
        Loopback, "127.0.0.2/8000", "::1/8000", "::ffff:127.0.0.1/8000", "192.0.2.1/8000", "2001:db8::1/8000", "169.254.169.254/8000", "0.0.0.0/8000",
    ];

    private const string Servers = """
        import socket, sys, threading
        for family, where in ((socket.AF_INET, '0.0.0.0'), (socket.AF_INET6, '::')):
            s = socket.socket(family, socket.SOCK_STREAM)
            if family == socket.AF_INET6:
                s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            s.bind((where, 8000)); s.listen(50)
            threading.Thread(target=lambda s=s: [s.accept() for _ in iter(int, 1)], daemon=True).start()
        print('up', flush=True)
        sys.stdin.read()
        """;

    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-guestwall-").FullName);
    private readonly LibvirtHypervisor _hypervisor = new("qemu:///system", TimeSpan.FromSeconds(60), TimeProvider.System);
    private readonly List<Process> _processes = [];
    private readonly int _host;

    public GuestWallTests()
    {
        Prerequisite.Require(Environment.IsPrivilegedProcess, "only root makes network namespaces");
        Prerequisite.Require(File.Exists("/usr/sbin/nft"), "nftables is not installed: executor/setup");
        _host = Serve("unshare", ["--net"]);
        var other = Serve("unshare", ["--net"]);
        In(_host, $"""
            ip link set lo up
            ip link add inside type veth peer name outside netns {other}
            ip addr add 192.0.2.1/24 dev inside; ip -6 addr add 2001:db8::1/64 dev inside nodad; ip link set inside up
            nsenter -t {other} -n sh -ec 'ip link set lo up; ip addr add 192.0.2.2/24 dev outside; ip addr add 169.254.169.254/32 dev outside; ip link set outside up'
            ip route add 169.254.169.254/32 via 192.0.2.2
            """).Should().Be(0);

        // The driver's nft works in that namespace, and counts how often rules are loaded.
        ProgramFile.Write(_directory.Child("nft").Value, $"#!/bin/sh\n[ \"$1\" != -f ] || echo loaded >> {_directory}/loads\nexec nsenter -t {_host} -n /usr/sbin/nft \"$@\"\n");
    }

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            process.StandardInput.Close();
            process.WaitForExit();
            process.Dispose();
        }

        _hypervisor.Dispose();
        Directory.Delete(_directory.Value, recursive: true);
    }

    [Fact(Timeout = 120_000)]
    public async Task Guests_reach_other_machines_and_nothing_of_the_host_which_they_reach_without_the_rules()
    {
        foreach (var address in Closed.Append(Other))
        {
            Connects(Guest.Id, address).Should().BeTrue($"{address} is there: the test proves nothing otherwise");
        }

        (await Wall().PutUpAsync(Guest, default)).Should().BeNull();

        foreach (var address in Closed)
        {
            Connects(Guest.Id, address).Should().BeFalse(address);
            Connects(Neighbour.Id, address).Should().BeFalse($"{address}, all users of VMs");
            Connects(Stranger, address).Should().BeTrue($"{address}, other users of the host are not concerned");
        }

        Connects(Guest.Id, Other).Should().BeTrue("the network is open");
    }

    [Fact(Timeout = 120_000)]
    public async Task Rules_are_loaded_once_and_again_when_the_hosts_firewall_was_loaded_anew()
    {
        await Wall().PutUpAsync(Guest, default);
        await Wall().PutUpAsync(Guest, default);
        await Wall().PutUpAsync(Neighbour, default);
        Loads().Should().Be(1, "a look is enough");

        In(_host, "nft flush ruleset").Should().Be(0);
        (await Wall().IsUpAsync(default)).Should().BeFalse();
        Connects(Guest.Id, Loopback).Should().BeTrue("that took the rules away");
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Wall().PutUpAsync(Guest, default)));

        Loads().Should().Be(2);
        (await Wall().IsUpAsync(default)).Should().BeTrue();
        Connects(Guest.Id, Loopback).Should().BeFalse();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_service_is_open_for_the_vms_of_those_who_allow_it_also_after_the_rules_were_lost()
    {
        await Wall("127.0.0.1:8000").PutUpAsync(Guest, default);
        await Wall("[2001:db8::1]:8000", "192.0.2.0/24:1-9000").PutUpAsync(Neighbour, default);
        ShouldBeOpen();

        In(_host, "nft flush ruleset").Should().Be(0);
        await Wall("127.0.0.1:8000").PutUpAsync(Guest, default);
        ShouldBeOpen();

        await Wall().PutUpAsync(Guest, default);
        Connects(Guest.Id, Loopback).Should().BeFalse("the user's next VM may not");

        void ShouldBeOpen()
        {
            Connects(Guest.Id, Loopback).Should().BeTrue();
            Connects(Guest.Id, "192.0.2.1/8000").Should().BeFalse();
            Connects(Neighbour.Id, Loopback).Should().BeFalse();
            Connects(Neighbour.Id, "192.0.2.1/8000").Should().BeTrue();
            Connects(Neighbour.Id, "2001:db8::1/8000").Should().BeTrue();
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task A_network_is_closed_to_the_vms_of_those_who_forbid_it_but_for_what_they_allow()
    {
        await new GuestWall(new FirewallSettings { Forbid = ["192.0.2.0/24"] }, _hypervisor, Users(), Tools(), TimeProvider.System) { Directory = _directory.Child("rules") }.PutUpAsync(Guest, default);
        await Wall().PutUpAsync(Neighbour, default);
        Connects(Guest.Id, Other).Should().BeFalse();
        Connects(Neighbour.Id, Other).Should().BeTrue();

        await new GuestWall(new FirewallSettings { Forbid = ["192.0.2.0/24"], Allow = ["192.0.2.2:8000"] }, _hypervisor, Users(), Tools(), TimeProvider.System) { Directory = _directory.Child("rules") }
            .PutUpAsync(Guest, default);
        Connects(Guest.Id, Other).Should().BeTrue();
    }

    [Theory(Timeout = 120_000)]
    [InlineData("services6")]
    [InlineData("forbidden")]
    public async Task An_element_that_was_lost_alone_is_put_back(string set)
    {
        var wall = new GuestWall(
            new FirewallSettings { Forbid = ["192.0.2.0/24"], Allow = ["127.0.0.1:8000", "[2001:db8::1]:8000"] }, _hypervisor, Users(), Tools(), TimeProvider.System)
        { Directory = _directory.Child("rules") };
        await wall.PutUpAsync(Guest, default);
        await wall.PutUpAsync(Guest, default);
        Loads().Should().Be(1);

        In(_host, $"nft flush set inet vm_executor_vms {set}").Should().Be(0);
        await wall.PutUpAsync(Guest, default);

        Loads().Should().Be(2);
        Connects(Guest.Id, "2001:db8::1/8000").Should().BeTrue();
        Connects(Guest.Id, Other).Should().BeFalse();
    }

    [Fact(Timeout = 60_000)]
    public async Task An_nft_that_crashes_is_explained()
    {
        ProgramFile.Write(_directory.Child("nft").Value, "#!/bin/sh\nkill -SEGV $$\n");

        (await Wall().PutUpAsync(Guest, default)).Should().Contain("139").And.Contain("nft has crashed").And.Contain("nft list tables");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_host_without_nft_or_without_a_user_for_qemu_is_said_and_refused_only_where_rules_are_demanded()
    {
        using var session = new LibvirtHypervisor("qemu:///session", TimeSpan.FromSeconds(60), TimeProvider.System);
        ProgramFile.Write(_directory.Child("nft").Value, "#!/bin/sh\necho 'Error: no nf_tables here' >&2; exit 1\n");

        (await Wall().PutUpAsync(Guest, default)).Should().Contain("no nf_tables here");
        (await new GuestWall(new FirewallSettings(), session, Users(), Tools(), TimeProvider.System) { Directory = _directory }.PutUpAsync(null, default)).Should().Contain("qemu:///session");
        (await Wall(FirewallMode.Off).PutUpAsync(Guest, default)).Should().BeNull();
        var demanded = () => Wall(FirewallMode.Required).PutUpAsync(Guest, default);
        (await demanded.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.GuestWallMissing);
    }

    private GuestWall Wall(params string[] allowed) => Wall(FirewallMode.Auto, allowed);

    private GuestWall Wall(FirewallMode mode, params string[] allowed) =>
        new(new FirewallSettings { Mode = mode, Allow = allowed }, _hypervisor, Users(), Tools(), TimeProvider.System) { Directory = _directory.Child("rules") };

    private VmUsers Users() => new(UserPerVm.Auto, () => new VmUserChoice(new VmUserPool([Guest, Neighbour], 0), null), _directory.Child("claims"), TimeProvider.System);

    private ToolRunner Tools() => new(new ToolEnvironment(new Dictionary<string, string> { ["PATH"] = $"{_directory}:/usr/bin:/bin" }), TimeProvider.System);

    private int Loads() => File.ReadAllLines(_directory.Child("loads").Value).Length;

    private bool Connects(uint user, string address) =>
        In(_host, $"timeout 10 setpriv --reuid {user.ToString(CultureInfo.InvariantCulture)} --clear-groups bash -c 'exec 3<> /dev/tcp/{address}' 2> /dev/null") == 0;

    private static int In(int host, string script)
    {
        using var process = Process.Start("nsenter", ["-t", host.ToString(CultureInfo.InvariantCulture), "-n", "bash", "-ec", script]);
        process.WaitForExit();
        return process.ExitCode;
    }

    /// <summary>A machine whose servers take every connection on port 8000, on each of its addresses.</summary>
    private int Serve(string tool, IReadOnlyList<string> arguments)
    {
        var process = Process.Start(new ProcessStartInfo(tool, [.. arguments, "/usr/bin/python3", "-c", Servers]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        _processes.Add(process);
        process.StandardOutput.ReadLine().Should().Be("up");
        return process.Id;
    }
}
