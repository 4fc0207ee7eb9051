using FluentAssertions;
using VmExecutor.Core.Firewall;
using Xunit;

namespace VmExecutor.Core.Tests.Firewall;

public sealed class HostServiceTests
{
    [Theory]
    [InlineData("127.0.0.1:5000", "7 . 127.0.0.1/32 . tcp . 5000-5000")]
    [InlineData("192.0.2.77/24:1-65535/tcp", "7 . 192.0.2.0/24 . tcp . 1-65535")]
    [InlineData("10.0.0.1:53/udp", "7 . 10.0.0.1/32 . udp . 53-53")]
    [InlineData("[2001:db8::1]:443", "7 . 2001:db8::1/128 . tcp . 443-443")]
    [InlineData("[2001:db8:ffff::]/33:443", "7 . 2001:db8:8000::/33 . tcp . 443-443")]
    [InlineData("[2001:db8:ffff::/33]:443", "7 . 2001:db8:8000::/33 . tcp . 443-443")]
    [InlineData("0.0.0.0/0:80", "7 . 0.0.0.0/0 . tcp . 80-80")]
    public void An_address_and_a_port_become_one_element_of_the_set(string text, string element)
    {
        HostService.TryParse(text, out var service).Should().BeTrue();
        service!.Element(7).Should().Be(element);
    }

    [Theory]
    [InlineData("")]
    [InlineData(":80")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:")]
    [InlineData("127.0.0.1:0")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("127.0.0.1:9-8")]
    [InlineData("127.0.0.1:1-2-3")]
    [InlineData("127.0.0.1:-5")]
    [InlineData("127.0.0.1:80/icmp")]
    [InlineData("127.0.0.1:80/tcp/udp")]
    [InlineData("127.0.0.1/33:80")]
    [InlineData("127.0.0.1/-1:80")]
    [InlineData("127.0.0.1/8/8:80")]
    [InlineData("0177.0.0.1:80")]
    [InlineData("127.1:80")]
    [InlineData("2130706433:80")]
    [InlineData("::1:80")]
    [InlineData("[::1:80")]
    [InlineData("[127.0.0.1]:80 } ; flush ruleset")]
    [InlineData("[fe80::1%eth0]:80")]
    [InlineData("gitlab.example.com:443")]
    [InlineData("127.0.0.1:80 , 1 . 0.0.0.0/0 . tcp . 1-2")]
    public void Anything_else_is_refused(string text) => HostService.TryParse(text, out _).Should().BeFalse();

    [Theory]
    [InlineData("127.0.0.0/8:1-65535", true)]
    [InlineData("0.0.0.0/0:1-65535", true)]
    [InlineData("127.0.0.1:5000", false)]
    [InlineData("127.0.0.1:1-65535/udp", false)]
    [InlineData("10.0.0.0/8:1-65535", false)]
    public void A_service_that_is_the_whole_loopback_is_known(string text, bool isAll)
    {
        HostService.TryParse(text, out var service).Should().BeTrue();
        service!.OpensLoopback.Should().Be(isAll);
    }
}
