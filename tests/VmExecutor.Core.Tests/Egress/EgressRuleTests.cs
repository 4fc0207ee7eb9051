using FluentAssertions;
using VmExecutor.Core.Egress;
using Xunit;

namespace VmExecutor.Core.Tests.Egress;

public sealed class EgressRuleTests
{
    [Theory]
    [InlineData("Registry.Example.com", "registry.example.com")]
    [InlineData(".example.test", ".example.test")]
    [InlineData("gitlab", "gitlab")]
    [InlineData("_srv.a-b.test:443", "_srv.a-b.test:443")]
    [InlineData(".example.test:8000-8010/udp", ".example.test:8000-8010/udp")]
    [InlineData("a.test:443/tcp", "a.test:443")]
    [InlineData("10.1.2.3", "10.1.2.3/32")]
    [InlineData("10.1.2.3/16", "10.1.0.0/16")]
    [InlineData("10.1.0.0/16:5432", "10.1.0.0/16:5432")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("2001:db8:ffff::/33", "2001:db8:8000::/33")]
    [InlineData("[2001:db8::1]", "2001:db8::1/128")]
    [InlineData("[2001:db8::]/32:53/udp", "[2001:db8::]/32:53/udp")]
    public void A_destination_is_read_and_written_in_one_way(string text, string written)
    {
        EgressRule.TryParse(text, out var rule).Should().BeTrue();
        rule!.ToString().Should().Be(written);
        EgressRule.Parse(written).Should().Be(rule);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..a")]
    [InlineData("a..b")]
    [InlineData("a.")]
    [InlineData("*.a.test")]
    [InlineData("https://a.test")]
    [InlineData("a.test/24")]
    [InlineData("a b")]
    [InlineData("a.test\n.b.test")]
    [InlineData("a/b#")]
    [InlineData("bücher.test")]
    [InlineData("-a.test")]
    [InlineData("a.test:0")]
    [InlineData("a.test:65536")]
    [InlineData("a.test:9-8")]
    [InlineData("a.test:443:80")]
    [InlineData("a.test:443/icmp")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0/8/8")]
    [InlineData("0177.0.0.1")]
    [InlineData("127.1")]
    [InlineData("2130706433")]
    [InlineData("0x7f000001")]
    [InlineData("2001:db8::/129")]
    [InlineData("fe80::1%eth0")]
    [InlineData("[10.0.0.1]:80")]
    public void Anything_else_is_refused(string text) => EgressRule.TryParse(text, out _).Should().BeFalse();

    [Fact]
    public void Labels_and_names_have_the_lengths_of_dns()
    {
        EgressRule.TryParse(new string('a', 63) + ".test", out _).Should().BeTrue();
        EgressRule.TryParse(new string('a', 64) + ".test", out _).Should().BeFalse();
        EgressRule.TryParse(string.Concat(Enumerable.Repeat("a.", 126)) + "b", out _).Should().BeTrue();
        EgressRule.TryParse(string.Concat(Enumerable.Repeat("a.", 127)) + "b", out _).Should().BeFalse();
    }

    [Theory]
    [InlineData("example.test", "example.test", true)]
    [InlineData("example.test", "EXAMPLE.test", true)]
    [InlineData("example.test", "a.example.test", false)]
    [InlineData(".example.test", "example.test", true)]
    [InlineData(".example.test", "a.b.example.test", true)]
    [InlineData(".example.test", "evilexample.test", false)]
    [InlineData(".example.test", "example.test.evil", false)]
    [InlineData("10.0.0.0/8", "10.0.0.1", false)]
    public void A_name_fits_as_a_whole_or_below_a_leading_dot(string rule, string name, bool fits) => EgressRule.Parse(rule).Matches(name).Should().Be(fits);

    [Theory]
    [InlineData(".example.test", "a.example.test:443", true)]
    [InlineData(".example.test", ".a.example.test", true)]
    [InlineData(".a.example.test", ".example.test", false)]
    [InlineData("a.test", ".a.test", false)]
    [InlineData("a.test:443", "a.test", false)]
    [InlineData("a.test:400-500", "a.test:443", true)]
    [InlineData("a.test:400-500", "a.test:443/udp", false)]
    [InlineData("10.0.0.0/8", "10.1.0.0/16:80", true)]
    [InlineData("10.1.0.0/16", "10.0.0.0/8", false)]
    [InlineData("0.0.0.0/0", "2001:db8::/32", false)]
    [InlineData("2001:db8::/32", "2001:db8::1", true)]
    [InlineData(".test", "10.0.0.1", false)]
    [InlineData("0.0.0.0/0", "a.test", false)]
    public void A_rule_covers_what_is_within_it(string rule, string other, bool covers) => EgressRule.Parse(rule).Covers(EgressRule.Parse(other)).Should().Be(covers);
}
