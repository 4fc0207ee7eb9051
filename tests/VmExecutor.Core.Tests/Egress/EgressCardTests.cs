using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Health;
using VmExecutor.Core.Users;
using Xunit;

namespace VmExecutor.Core.Tests.Egress;

public sealed class EgressCardTests
{
    private static readonly VmUser User = new("vm-executor-g3", 967, 967, 900);
    private static readonly EgressCard Card = new("vmx-967", "52:54:00:aa:bb:cc", ["192.168.122.1/24"]);
    private static readonly NetworkState Nat = new(IsActive: true, StartsByItself: true, KeepsGuestsApart: true) { Forward = "nat", Hosts = ["192.168.122.1/24"] };

    [Fact]
    public void A_tap_has_a_name_that_the_kernel_takes_and_no_other_clone_has()
    {
        EgressCard.TapOf(User).Should().Be("vmx-967");
        EgressCard.TapOf(User with { Id = uint.MaxValue }).Length.Should().BeLessThan(16, "IFNAMSIZ of Linux is 16 with its end");
    }

    [Fact]
    public void A_policy_holds_where_the_host_passes_on_what_guests_send()
    {
        foreach (var forward in (string[])["nat", "route", "open", "none"])
        {
            EgressCard.WhyNot("lan", Nat with { Forward = forward }).Should().BeNull(forward);
        }

        foreach (var forward in (string[])["bridge", "private", "vepa", "passthrough", "hostdev"])
        {
            EgressCard.WhyNot("lan", Nat with { Forward = forward }).Should().Contain($"'lan' has 'forward mode' {forward}");
        }

        EgressCard.WhyNot("lan", null).Should().Contain("no libvirt network 'lan'");
        EgressCard.WhyNot("lan", Nat with { IsActive = false }).Should().Contain("not active");
        EgressCard.WhyNot("lan", Nat with { KeepsGuestsApart = null }).Should().Contain("no bridge");
        EgressCard.WhyNot("lan", Nat with { Hosts = ["fd00::1/64"] }).Should().Contain("no IPv4 address");
    }

    [Theory]
    [InlineData("<ip address='192.168.1.1' netmask='255.255.255.0'/>", "192.168.1.1/24")]
    [InlineData("<ip address='192.168.1.1' prefix='20'/>", "192.168.1.1/20")]
    [InlineData("<ip address='10.0.0.1'/>", "10.0.0.1/8")]
    [InlineData("<ip family='ipv6' address='fd00::1' prefix='64'/>", "fd00::1/64")]
    [InlineData("<ip family='ipv6' address='fd00::1'/>", "fd00::1/64")]
    [InlineData("<ip address='192.168.1.1' prefix='33'/>", null)]
    [InlineData("<ip/>", null)]
    public void An_address_of_the_host_is_read_as_libvirt_writes_it(string xml, string? cidr) => NetworkHost.Parse(XElement.Parse(xml)).Should().Be(cidr);

    [Fact]
    public void A_machine_with_another_card_or_without_a_named_tap_has_no_place_for_a_policy()
    {
        const string One = "<interface type='network'><mac address='52:54:00:aa:bb:cc'/><target dev='vmx-967'/></interface>";

        EgressCard.In(Domain(One), Card.Hosts).Should().BeEquivalentTo(Card);
        EgressCard.In(Domain(One + One), Card.Hosts).Should().BeNull();
        EgressCard.In(Domain(""), Card.Hosts).Should().BeNull();
        EgressCard.In(Domain("<interface type='network'><mac address='52:54:00:aa:bb:cc'/></interface>"), Card.Hosts).Should().BeNull();

        static XElement Domain(string cards) => XElement.Parse($"<domain><devices>{cards}</devices></domain>");
    }

    [Fact]
    public void No_rule_is_made_of_a_damaged_record()
    {
        Card.IsWhole.Should().BeTrue();
        (Card with { Tap = "a\" drop" }).IsWhole.Should().BeFalse();
        (Card with { Mac = "52:54" }).IsWhole.Should().BeFalse();
        (Card with { Hosts = ["192.168.122.1/24 accept"] }).IsWhole.Should().BeFalse();
        (Card with { Hosts = [] }).IsWhole.Should().BeFalse();
    }

    [Fact]
    public void Only_a_network_that_is_on_the_same_bridge_opens_neighbours()
    {
        var beside = Script("192.168.122.77:22", "10.0.0.0/8");

        beside.Should().Contain("ip daddr 192.168.122.0/24 ip daddr 192.168.122.77/32 tcp dport 22-22 accept").And.Contain("arp daddr ip 192.168.122.0/24 arp daddr ip 192.168.122.77/32 accept")
            .And.NotContain("ip daddr 192.168.122.0/24 ip daddr 10.0.0.0/8");
        Script(".example.test").Should().NotContain("arp daddr ip");
        EgressTable.Script(new EgressPlace(User, Card), new EgressPolicy("base", Watches: true, []), TimeSpan.FromMinutes(1)).Should().NotContain("drop\n        drop").And.NotContain("reject");
    }

    [Fact]
    public void Tables_of_policies_are_found_in_the_kernels_list() =>
        EgressPlace.TablesIn("""{"nftables": [{"metainfo": {}}, {"table": {"family": "inet", "name": "vm_executor_egress_967"}}, {"table": {"family": "bridge", "name": "vm_executor_egress_967"}}, {"table": {"family": "inet", "name": "vm_executor_vms"}}, {"table": {"family": "inet", "name": "vm_executor_egress_x"}}]}""")
            .Should().Equal((967, "inet"), (967, "bridge"));

    private static string Script(params string[] rules) =>
        EgressTable.Script(new EgressPlace(User, Card), new EgressPolicy("base", false, [.. rules.Select(EgressRule.Parse)]), TimeSpan.FromMinutes(15));
}
