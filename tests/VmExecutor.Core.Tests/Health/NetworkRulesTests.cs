using FluentAssertions;
using VmExecutor.Core.Health;
using Xunit;

namespace VmExecutor.Core.Tests.Health;

public sealed class NetworkRulesTests
{
    private const string Table = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:927D 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111308 1
           1: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1531 1
           2: 0100007F:0016 0100007F:9000 01 00000000:00000000 00:00000000 00000000     0        0 1532 1
           3: 3500007F:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1533 1
        nonsense
           4: 00000000000000000000000001000000:18EB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
           5: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1534 1
        """;

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
    public void Listeners_on_the_loopback_are_read_from_the_kernels_table() =>
        Listeners.OnLoopback(Table, new HashSet<int> { 8080 }).Should().Equal("127.0.0.53:53", "[::1]:6379", "127.0.0.1:37501");

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
    [InlineData("gitlab.example.com:443", "gitlab.example.com:443")]
    [InlineData("[fd00::1]:22", "[fd00::1]:22")]
    [InlineData("10.0.2.2:8080", "10.0.2.2:8080")]
    [InlineData("gitlab.example.com", null)]
    [InlineData("gitlab.example.com:0", null)]
    [InlineData("gitlab.example.com:99999", null)]
    [InlineData(":443", null)]
    [InlineData("a b; rm -rf /:443", null)]
    public void A_place_to_reach_is_a_host_and_a_port(string text, string? expected) => ReachTarget.TryParse(text)?.ToString().Should().Be(expected);

    [Theory]
    [InlineData("https://gitlab.example.com", "gitlab.example.com:443")]
    [InlineData("http://gitlab.example.com:8080/sub", "gitlab.example.com:8080")]
    [InlineData("gitlab.example.com", null)]
    [InlineData(null, null)]
    public void A_runners_url_names_its_server(string? url, string? expected) => ReachTarget.OfUrl(url)?.ToString().Should().Be(expected);

    [Theory]
    [InlineData("vmx-reach:yes\n", CheckStatus.Ok, "reaches gitlab:443")]
    [InlineData("vmx-reach:no bash: line 1: /dev/tcp/gitlab/443: Connection refused\n", CheckStatus.Problem, "does not reach gitlab:443: Connection refused")]
    [InlineData("vmx-reach:no \n", CheckStatus.Problem, "no answer within 10 s")]
    [InlineData("vmx-reach:no-name\n", CheckStatus.Problem, "cannot be resolved")]
    [InlineData("vmx-reach:no-tool\n", CheckStatus.Skipped, "neither bash nor nc")]
    [InlineData("", CheckStatus.Skipped, "neither bash nor nc")]
    public void A_guests_answer_is_understood(string answer, CheckStatus status, string found)
    {
        var finding = GuestReach.DecideOut("small", new ReachTarget("gitlab", 443), GuestReach.Parse(answer));

        finding.Status.Should().Be(status);
        finding.Found.Should().Contain(found);
    }

    [Theory]
    [InlineData(true, true, true, CheckStatus.Warning)]
    [InlineData(false, true, true, CheckStatus.Problem)]
    [InlineData(true, false, true, CheckStatus.Ok)]
    [InlineData(true, false, false, CheckStatus.Skipped)]
    public void The_listener_judges_whether_the_loopback_was_reached(bool userMode, bool reached, bool tried, CheckStatus status) =>
        GuestReach.DecideLoopback("small", userMode, reached, tried, null).Status.Should().Be(status);

    [Fact]
    public void A_guest_that_gets_past_the_firewall_is_a_problem()
    {
        var finding = GuestReach.DecideLoopback("small", isUserMode: true, wasReached: true, hasTried: true, new GuestFirewall(IsInstalled: true, IsOn: true));

        finding.Status.Should().Be(CheckStatus.Problem);
        finding.Found.Should().EndWith("although nftables table 'inet vm_executor' is there");
    }

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
}
