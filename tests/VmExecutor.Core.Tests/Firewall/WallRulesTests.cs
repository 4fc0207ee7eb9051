using FluentAssertions;
using VmExecutor.Core.Firewall;
using Xunit;

namespace VmExecutor.Core.Tests.Firewall;

public sealed class WallRulesTests
{
    private const string Resolv = "# nameserver 9.9.9.9\nsearch example.com\nnameserver 127.0.0.53\nnameserver\t10.0.0.1\nnameserver fe80::1%eth0\nnameserver evil } ; flush ruleset\nnameserver 127.0.0.53\n";

    [Fact]
    public void The_rules_name_the_users_and_the_hosts_name_servers_and_take_the_place_of_older_ones()
    {
        var script = WallRules.Script([931, 932], Resolv);

        script.Should().StartWith($"table {WallRules.Table}\ndelete table {WallRules.Table}\ntable {WallRules.Table} {{")
            .And.Contain("elements = { 931, 932 }")
            .And.Contain("ip daddr { 127.0.0.53, 10.0.0.1 } meta l4proto { tcp, udp } th dport 53 accept")
            .And.Contain("ip6 daddr { fe80::1 } meta l4proto")
            .And.NotContain("evil").And.NotContain("9.9.9.9").And.NotContain("MARK");
        WallRules.Script([931], "").Should().NotContain("th dport 53");
    }

    [Fact]
    public void Rules_are_known_by_their_mark_and_other_ones_are_not_taken_for_them()
    {
        var script = WallRules.Script([931, 932], Resolv);

        WallRules.AreIn($"table {WallRules.Table} {{\n{script}\n}}", script).Should().BeTrue();
        WallRules.AreIn(script, WallRules.Script([931], Resolv)).Should().BeFalse();
        WallRules.AreIn(script, WallRules.Script([931, 932], "")).Should().BeFalse();
        WallRules.AreIn("", script).Should().BeFalse();
    }

    [Fact]
    public void Services_of_one_vm_are_opened_and_networks_are_closed_for_its_user_alone() =>
        WallRules.Own(931, ["127.0.0.1:5000", "[::1]:5000", "127.0.0.1:5000"], ["10.0.0.0/8", "fd00::/8", "10.0.0.0/8"]).Should().Be(
            "add element inet vm_executor_vms services { 931 . 127.0.0.1/32 . tcp . 5000-5000 }\n"
            + "add element inet vm_executor_vms services6 { 931 . ::1/128 . tcp . 5000-5000 }\n"
            + "add element inet vm_executor_vms forbidden { 931 . 10.0.0.0/8 }\n"
            + "add element inet vm_executor_vms forbidden6 { 931 . fd00::/8 }\n");
}
