using FluentAssertions;
using VmExecutor.Core.Health;
using VmExecutor.Core.Tests.Configuration;
using Xunit;

namespace VmExecutor.Core.Tests.Health;

public sealed class NetworkRulesTests
{
    [Theory]
    [InlineData(null, false, false, CheckStatus.Problem, "there is no libvirt network 'lan', which image a wants", "net-list --all")]
    [InlineData(false, false, false, CheckStatus.Problem, "is not active", "virsh -c 'qemu:///system' net-start 'lan' && virsh -c 'qemu:///system' net-autostart 'lan'")]
    [InlineData(true, false, false, CheckStatus.Warning, "does not start by itself", "net-autostart 'lan'")]
    [InlineData(true, true, false, CheckStatus.Warning, "guests in the libvirt network 'lan' reach each other", "net-edit 'lan'   # add <port isolated='yes'/>")]
    [InlineData(true, true, true, CheckStatus.Ok, "is active (image a) and keeps its guests apart", null)]
    [InlineData(true, true, null, CheckStatus.Ok, "is active (image a)", null)]
    public void A_libvirt_network_must_be_there_active_come_back_and_keep_guests_apart(bool? active, bool autostart, bool? apart, CheckStatus status, string found, string? fix)
    {
        var finding = NetworkRules.DecideNetwork("lan", active is { } isActive ? new NetworkState(isActive, autostart, apart) : null, "qemu:///system", ["a"]);

        finding.Status.Should().Be(status);
        finding.Found.Should().Contain(found);
        (fix is null ? finding.Fix is null : finding.Fix?.Contains(fix, StringComparison.Ordinal) == true).Should().BeTrue($"'{finding.Fix}' is to be '{fix}'");
    }

    [Theory]
    [InlineData("Available netdev backend types:\nsocket\nuser\nbridge\n", CheckStatus.Ok)]
    [InlineData("Available netdev backend types:\nsocket\nvhost-user\n", CheckStatus.Problem)]
    public void QEMU_must_have_user_mode_networking(string backends, CheckStatus status) =>
        NetworkRules.DecideUserMode("/usr/bin/qemu", backends).Status.Should().Be(status);

    [Fact]
    public void Services_that_guests_reach_on_the_loopback_are_named()
    {
        NetworkRules.DecideLoopback([], ["127.0.0.1:1"], null).Status.Should().Be(CheckStatus.Ok);
        NetworkRules.DecideLoopback(["a"], [], null).Status.Should().Be(CheckStatus.Ok);
        var finding = NetworkRules.DecideLoopback(["a", "b"], [.. Enumerable.Range(1, 10).Select(port => $"127.0.0.1:{port}")], null);
        finding.Status.Should().Be(CheckStatus.Warning);
        finding.Found.Should().Contain("guests of a, b").And.EndWith("127.0.0.1:8 and 2 more");
        finding.Fix.Should().StartWith("network: {mode: libvirt");
    }

    [Theory]
    [InlineData(true, CheckStatus.Ok, null)]
    [InlineData(false, CheckStatus.Warning, "systemctl enable --now vm-executor-firewall.service   # or network: ")]
    [InlineData(null, CheckStatus.Warning, "sudo vm-executor doctor")]
    public void A_firewall_keeps_guests_off_where_QEMU_has_a_user_of_its_own(bool? isOn, CheckStatus status, string? fix)
    {
        var finding = NetworkRules.DecideLoopback(["a"], ["127.0.0.1:1"], new GuestFirewall(IsInstalled: true, isOn));

        finding.Status.Should().Be(status);
        (finding.Fix ?? "").Should().StartWith(fix ?? "");
    }

    [Fact]
    public void Rules_that_the_driver_puts_up_are_named_with_their_table()
    {
        var finding = NetworkRules.DecideLoopback(["a"], ["127.0.0.1:1"], new GuestFirewall(IsInstalled: false, IsOn: true) { IsPutUpByDriver = true });

        (finding.Status, finding.Fix).Should().Be((CheckStatus.Ok, null));
        finding.Found.Should().StartWith("nftables table 'inet vm_executor_vms', which the driver puts up before a VM starts, is to keep guests of a off");
    }

    [Fact]
    public void The_command_that_installs_the_firewall_is_one_line()
    {
        GuestFirewall.FixFor(new GuestFirewall(IsInstalled: false, IsOn: false)).Should().StartWith("install -D -m 0644 executor/firewall/guests.nft /etc/vm-executor/firewall.nft && cp ").And.Contain("systemctl enable --now vm-executor-firewall.service");
        GuestFirewall.CanHelpAt("qemu:///session").Should().BeFalse();
        GuestFirewall.CanHelpAt("qemu+ssh://other/system").Should().BeFalse();
        GuestFirewall.CanHelpAt("qemu:///system").Should().BeTrue();
    }

    [Theory]
    [InlineData("table inet vm_executor {\n\tchain output {\n\t\toifname \"lo\" counter packets 0 bytes 0 reject\n\t}\n}\n", true)]
    [InlineData("table inet vm_executor {\n\tchain output {\n\t\toifname \"lo\" drop\n\t}\n}\n", true)]
    [InlineData("table inet vm_executor {\n\tchain output {\n\t\toifname \"lo\" accept\n\t\tip daddr 169.254.169.254 reject\n\t}\n}\n", false)]
    [InlineData("", false)]
    public void Rules_count_if_they_are_about_the_loopback(string listing, bool guards) => GuestFirewall.GuardsLoopback(listing).Should().Be(guards);

    [Theory]
    [InlineData(null, null)]
    [InlineData(true, CheckStatus.Ok)]
    [InlineData(false, CheckStatus.Warning)]
    public void A_dhcp_server_that_goes_by_a_guests_own_name_is_warned_of(bool? tellsApart, CheckStatus? status)
    {
        var finding = NetworkRules.DecideLeases("lan", new NetworkState(true, true, true, tellsApart), "qemu:///system", ["a", "b"]);

        finding?.Status.Should().Be(status);
        (finding is null).Should().Be(status is null);
        if (status == CheckStatus.Warning)
        {
            finding!.Fix.Should().Contain("dhcp-ignore-clid").And.Contain("net-edit");
        }
    }

    [Theory]
    [InlineData(null, "Dnsmasq version 2.90  Copyright\nCompile time options: ipset nftset auth", CheckStatus.Ok, "2.90")]
    [InlineData(null, "Dnsmasq version 2.85  Copyright\nCompile time options: ipset no-nftset auth", CheckStatus.Problem, "2.85")]
    [InlineData(null, null, CheckStatus.Problem, "not installed")]
    [InlineData("VMs have no users", "Dnsmasq version 2.90  Copyright\nCompile time options: nftset", CheckStatus.Problem, "VMs have no users")]
    public void Egress_policies_need_users_and_a_dnsmasq_that_fills_sets(string? whyNever, string? dnsmasq, CheckStatus status, string found)
    {
        var finding = NetworkRules.DecideEgress(["debian"], whyNever, dnsmasq);

        (finding.Status, finding.Found).Should().Match<(CheckStatus Status, string Found)>(it => it.Status == status && it.Found.Contains(found) && it.Found.Contains("debian"));
        NetworkRules.DecideEgress([], whyNever, dnsmasq).Status.Should().Be(CheckStatus.Ok, "no image has one");
    }

    [Theory]
    [InlineData("egress: {allow: .a.test}", CheckStatus.Ok, "only programs that use the proxy")]
    [InlineData("egress: {mode: watch}", CheckStatus.Problem, "mode: watch")]
    [InlineData("egress: {allow: .a.test}\nnetwork: {mode: libvirt}", CheckStatus.Problem, "user-mode network")]
    public void Egress_policies_in_session_mode_are_kept_by_a_proxy(string yaml, CheckStatus status, string found)
    {
        var finding = NetworkRules.DecideEgressByProxy([Yaml.BindImage($"{yaml}\n{Yaml.Image}")]);

        (finding.Status, finding.Found).Should().Match<(CheckStatus Status, string Found)>(it => it.Status == status && it.Found.Contains(found) && it.Found.Contains("image"));
    }
}
