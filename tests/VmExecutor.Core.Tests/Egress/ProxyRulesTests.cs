using System.Net;
using FluentAssertions;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Firewall;
using Xunit;

namespace VmExecutor.Core.Tests.Egress;

public sealed class ProxyRulesTests
{
    [Theory]
    [InlineData("git.example.test:443", null)]
    [InlineData("example.test:443", null)]
    [InlineData("only.test:443", null)]
    [InlineData("only.test:80", "only.test:80")]
    [InlineData("udp.test:53", "udp.test:53")]
    [InlineData("below.only.test:443", "below.only.test")]
    [InlineData("evil.test:443", "evil.test")]
    [InlineData("notexample.test:443", "notexample.test")]
    [InlineData("192.0.2.7:5432", null)]
    [InlineData("192.0.2.7:80", "192.0.2.7:80")]
    [InlineData("198.51.100.1:5432", "198.51.100.1:5432")]
    [InlineData("[::ffff:192.0.2.7]:5432", null)]
    [InlineData("[2001:db8::7]:443", null)]
    [InlineData("[2001:db9::7]:443", "[2001:db9::7]:443")]
    public void The_policy_decides_by_name_address_and_port(string target, string? refused) =>
        Rules(".example.test", "only.test:443", "udp.test:53/udp", "192.0.2.0/24:5432", "[2001:db8::]/32:443").Refuses(Target(target)).Should().Be(refused);

    public static TheoryData<string> Closed { get; } =
    [
        "0.0.0.0", "127.0.0.1", "127.1.2.3", "169.254.169.254", "168.63.129.16", "100.100.100.200", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "10.9.0.1",
        "::", "::1", "fe80::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:192.0.2.1", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::169.254.169.254", "2002:7f00:1::",
    ];

    [Theory]
    [MemberData(nameof(Closed))]
    public void An_allowed_name_opens_no_address_that_is_closed_to_all_guests(string address)
    {
        var rules = Rules(".example.test", "0.0.0.0/0", "::/0");

        rules.Open(Target("git.example.test:443"), [IPAddress.Parse(address)]).Addresses.Should().BeEmpty();
        rules.Open(Target("git.example.test:443"), [IPAddress.Parse(address)]).Refused.Should().StartWith("git.example.test:443 (");
        rules.Open(Target("git.example.test:443"), [IPAddress.Parse(address), IPAddress.Parse("192.0.2.7")]).Addresses.Should().Equal(IPAddress.Parse("192.0.2.7"));
    }

    [Theory]
    [MemberData(nameof(Closed))]
    public void A_rule_about_a_network_alone_opens_none_of_them(string address) =>
        Rules("0.0.0.0/0", "::/0").Refuses(new ProxyTarget(null, IPAddress.Parse(address), 443)).Should().NotBeNull();

    [Theory]
    [InlineData("127.0.0.1:5000", true)]
    [InlineData("10.0.2.2:5000", true)]
    [InlineData("[::ffff:127.0.0.1]:5000", true)]
    [InlineData("127.0.0.1:5001", false)]
    [InlineData("127.0.0.2:5000", false)]
    public void A_service_of_the_host_is_open_where_policy_and_firewall_name_it(string target, bool isOpen)
    {
        Rules(["127.0.0.1:5000"], "127.0.0.1:5000-5001", "127.0.0.2:5000").Refuses(Target(target)).Should().Be(isOpen ? null : target);
        Rules(["127.0.0.1:5000"], "cache.test").Open(Target("cache.test:5000"), [IPAddress.Loopback]).Addresses.Should().BeEmpty();
        Rules(["127.0.0.1:5000"], "cache.test", "127.0.0.1:5000").Open(Target("cache.test:5000"), [IPAddress.Loopback]).Addresses.Should().Equal(IPAddress.Loopback);
    }

    [Fact]
    public void A_name_without_an_address_is_not_refused() => Rules(".example.test").Open(Target("git.example.test:443"), []).Refused.Should().BeNull();

    private static ProxyTarget Target(string text) => ProxyTarget.TryParse(text, standard: null)!;

    private static ProxyRules Rules(params string[] allow) => Rules([], allow);

    private static ProxyRules Rules(string[] services, params string[] allow) => new(
        new EgressPolicy("base", false, [.. allow.Select(EgressRule.Parse)]),
        new ClosedAddresses(
            [IPAddress.Parse("192.0.2.1"), IPAddress.Parse("2001:db8::1")],
            [.. services.Select(text => HostService.TryParse(text, out var service) ? service : throw new FormatException(text))],
            [IPNetwork.Parse("10.9.0.0/16")]));
}
