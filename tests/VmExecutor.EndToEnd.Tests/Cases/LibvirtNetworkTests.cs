using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary><c>network: mode: libvirt</c>: the guest has an address of a libvirt network's, and the host reaches it there.</summary>
[AlwaysCold("its libvirt is its own; so is the template of one test")]
public sealed class LibvirtNetworkTests(TestMachine machine) : IsolatedTest(machine)
{
    [Fact(Timeout = HangLimit)]
    public async Task A_job_runs_in_a_vm_that_a_libvirt_network_gave_an_address()
    {
        var image = new ImageYaml { Network = IsolatedLibvirt.Network, Cmdline = $"{Machine.Guest.Cmdline} vmx.net=dhcp", StopMode = "shutdown" };
        var session = Bench.With(image).Open(new SimulatedJob { Id = 91 });

        var config = await session.ConfigAsync();
        var prepare = await session.PrepareAsync();
        config.ExitCode.Should().Be(0, config.ToString());
        prepare.ExitCode.Should().Be(0, prepare.ToString());

        var domain = (await Bench.Leftovers.DomainsAsync()).Should().ContainSingle().Which;
        var lease = await LeaseAsync(domain);
        lease.Should().StartWith($"{IsolatedLibvirt.Subnet}.");
        (await Libvirt.OutputAsync("ss", "-Htn", "state", "established")).Should().Contain($"{lease}:22");
        (await HostCommand.OutputAsync("ss", "-Htn", "state", "established")).Should().NotContain($"{lease}:22");

        var run = await session.RunAsync(SubStages.BuildScript, "busybox ip -4 -o address show eth0; exit 9");
        run.Reading.ExitCode.Should().Be(9, run.ToString());
        run.OutputText.Should().Contain($" {lease}/24 ");

        var cleanup = await session.CleanupAsync();
        cleanup.ExitCode.Should().Be(0, cleanup.ToString());
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
        (await LeasesAsync(lease)).Should().NotContain(lease, "a guest that is shut down gives it back");
        (await Libvirt.OutputAsync("ss", "-Htn", "state", "established")).Should().NotContain(lease);
    }

    [Fact(Timeout = 2 * HangLimit)]
    public async Task Clones_that_wake_up_are_given_a_card_and_an_address_each_and_do_not_reach_each_other()
    {
        Bench.With(new ImageYaml { Network = IsolatedLibvirt.Network, Cmdline = $"{Machine.Guest.Cmdline} vmx.net=dhcp", IsWarm = true });
        var (exitCode, output, error) = await Bench.CommandAsync("image", "publish", "small", "--warm");
        exitCode.Should().Be(0, output + error);
        (await Libvirt.OutputAsync("ss", "-Htn", "state", "established")).Should().BeEmpty();

        var (one, first) = await WakeAsync(93);
        var (two, second) = await WakeAsync(94);

        first.Should().StartWith($"{IsolatedLibvirt.Subnet}.").And.NotBe(second);
        second.Should().StartWith($"{IsolatedLibvirt.Subnet}.");
        foreach (var (session, lease, neighbour) in new[] { (one, first, second), (two, second, first) })
        {
            // sshd listens at both: this very connection is one to it.
            var run = await session.RunAsync(
                SubStages.BuildScript,
                $"busybox ip -4 -o address show eth0; ls /sys/class/net; timeout 3 bash -c '< /dev/tcp/{neighbour}/22' && echo neighbour; timeout 60 bash -c '< /dev/tcp/{lease}/22' && echo oneself; exit 9");
            run.Reading.ExitCode.Should().Be(9, run.ToString());
            run.OutputText.Should().Contain($" {lease}/24 ").And.NotContain("eth1").And.EndWith("oneself\n").And.NotContain("neighbour", "the network's ports are isolated");
        }

        (await one.CleanupAsync()).ShouldSucceed();
        (await two.CleanupAsync()).ShouldSucceed();

        WarmProof.Cold(Bench.StateDirectory).Should().BeEmpty();
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_network_that_is_not_there_is_named_and_nothing_is_left()
    {
        var session = Bench.With(new ImageYaml { Network = "no-such-network" }).Open(new SimulatedJob { Id = 92 });

        await session.ConfigAsync();
        var prepare = await session.PrepareAsync();
        await session.CleanupAsync();

        prepare.ExitCode.Should().Be(2, prepare.ToString());
        prepare.OutputText.Should().Contain("no-such-network").And.Contain("virsh -c qemu:///system net-list --all");
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    /// <summary>The guest boots with an address of its own choice, as one whose network is pinned to another card or address does.</summary>
    [Fact(Timeout = HangLimit, Explicit = true)]
    public async Task A_guest_that_boots_and_asks_for_no_address_is_told_with_what_to_change()
    {
        var session = Bench.With(new ImageYaml { Network = IsolatedLibvirt.Network, BootSeconds = 60 }).Open(new SimulatedJob { Id = 95 });
        await session.ConfigAsync();

        var prepare = await session.PrepareAsync();

        (await session.CleanupAsync()).ShouldSucceed();
        prepare.ExitCode.Should().Be(StageReading.SystemFailureExitCode, prepare.ToString());
        prepare.OutputText.Should().Contain("VMX1407").And.Contain($"had no address on network '{IsolatedLibvirt.Network}' after 1m")
            .And.Contain("the guest has booted but got no address by DHCP").And.Contain("pinned to a MAC address").And.Contain("netplan's 'match: macaddress'")
            .And.Contain("'network: {mode: user}'").And.Contain($"What to do: ").And.Contain($"virsh -c qemu:///system net-dhcp-leases {IsolatedLibvirt.Network}");
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    /// <summary>A prepared job and the address of its VM.</summary>
    private async Task<(JobSession Session, string Lease)> WakeAsync(int id)
    {
        var session = Bench.Open(new SimulatedJob { Id = id });
        await session.ConfigAsync();
        (await session.PrepareAsync()).ShouldSucceed();
        return (session, await LeaseAsync((await Bench.Leftovers.DomainsAsync()).Single(domain => domain.Contains($"-{id}-", StringComparison.Ordinal))));
    }

    /// <summary>The address that the network gave to the domain's card, as virsh tells it.</summary>
    private async Task<string> LeaseAsync(string domain)
    {
        var xml = XElement.Parse(await VirshAsync("dumpxml", domain));
        var card = xml.Element("devices")!.Elements("interface").Should().ContainSingle().Which;
        var mac = (string)card.Element("mac")!.Attribute("address")!;
        var leases = (await VirshAsync("net-dhcp-leases", IsolatedLibvirt.Network, mac)).Split('\n');

        // Expiry date and time, MAC, protocol, address/prefix, hostname, client id.
        var line = leases.Should().ContainSingle(line => line.Contains(mac)).Which;
        return line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4].Split('/')[0];
    }

    /// <summary>The network's leases; dnsmasq tells libvirt a moment after a guest has told it.</summary>
    private Task<string> LeasesAsync(string unwanted) => Eventually.AskAsync(
        () => VirshAsync("net-dhcp-leases", IsolatedLibvirt.Network), leases => !leases.Contains(unwanted), TimeSpan.FromSeconds(5));

    private Task<string> VirshAsync(params string[] arguments) => Libvirt.OutputAsync(["virsh", "-c", "qemu:///system", .. arguments]);
}
