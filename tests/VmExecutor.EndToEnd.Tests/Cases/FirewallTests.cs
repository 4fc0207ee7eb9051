using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Drivers;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>The rules of <c>executor/firewall</c>, in a network namespace of their own: guests are kept off the host's loopback, and the driver reaches its guests.</summary>
[AlwaysCold("its libvirt is its own")]
public sealed class FirewallTests(TestMachine machine) : IsolatedTest(machine, "nft")
{
    private const string Guarded = "guest-loopback";

    [Fact(Timeout = HangLimit)]
    public async Task Guests_are_kept_off_the_hosts_loopback_and_doctor_tells_before_and_after()
    {
        Bench.With();

        // These rules are about libvirt's one QEMU user.
        Bench.Configure("libvirt: {user_per_vm: off}\n");

        var before = await DoctorReport.OfAsync(Bench, "--deep");
        var rules = Path.Combine(BuiltDriver.Checkout(), "executor/firewall/guests.nft");
        await Libvirt.OutputAsync("nft", "-f", rules);
        await Libvirt.OutputAsync("nft", "-f", rules);
        var after = await DoctorReport.OfAsync(Bench, "--deep");
        var listed = await Libvirt.OutputAsync("nft", "list", "table", "inet", "vm_executor");

        before.Findings.Should().Contain(finding => finding.Check == Guarded && finding.Status == "warning" && finding.Fix!.Contains("systemctl enable --now vm-executor-firewall"), before.Text);
        after.Findings.Should().Contain(finding => finding.Check == "guest-start" && finding.Status == "ok", after.Text);
        after.Findings.Should().Contain(finding => finding.Check == Guarded && finding.Status == "ok", after.Text);
        after.Findings.Should().Contain(finding => finding.Check == "loopback" && finding.Status == "ok" && finding.Found.StartsWith("nftables table 'inet vm_executor' is there"), after.Text);
        listed.Should().MatchRegex("oifname \"lo\" counter packets [1-9][0-9]* .*reject", "that is what kept it off");
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Fact(Timeout = HangLimit)]
    public async Task The_host_is_closed_to_guests_from_the_first_vm_on_and_again_after_the_hosts_firewall_was_loaded_anew()
    {
        Bench.With();
        Bench.CloseHost();

        var closed = await DoctorReport.OfAsync(Bench, "--deep");
        var listed = await Libvirt.OutputAsync("nft", "list", "table", "inet", "vm_executor_vms");
        await Libvirt.OutputAsync("nft", "flush", "ruleset");
        var again = await DoctorReport.OfAsync(Bench, "--deep");

        closed.Findings.Should().Contain(finding => finding.Check == "guest-start" && finding.Status == "ok", closed.Text);
        closed.Findings.Should().Contain(finding => finding.Check == Guarded && finding.Status == "ok", closed.Text);
        closed.Findings.Should().Contain(finding => finding.Check == "loopback" && finding.Status == "ok" && finding.Found.Contains("inet vm_executor_vms"), closed.Text);
        listed.Should().MatchRegex("oifname \"lo\" counter packets [1-9][0-9]* .*reject", "that is what kept it off");
        again.Findings.Should().Contain(finding => finding.Check == Guarded && finding.Status == "ok", "the rules came back after the host's firewall was loaded anew: {0}", again.Text);
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }
}
