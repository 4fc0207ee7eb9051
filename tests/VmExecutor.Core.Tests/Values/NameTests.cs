using FluentAssertions;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Values;

public sealed class NameTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("debian-12")]
    [InlineData("12.04_lts")]
    public void An_image_name_is_lower_case_with_dots_dashes_and_underscores(string text)
    {
        ImageName.TryParse(text, out var name).Should().BeTrue();
        name!.Value.Should().Be(text);
        name.Should().Be(new ImageName(text));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Debian")]
    [InlineData("-a")]
    [InlineData(".a")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("ä")]
    [InlineData("a\n")]
    [InlineData("debian:12")]
    public void Other_text_is_not_an_image_name(string? text) => ImageName.TryParse(text, out _).Should().BeFalse();

    [Fact]
    public void An_image_name_has_at_most_63_characters()
    {
        ImageName.TryParse(new string('a', 63), out _).Should().BeTrue();
        ImageName.TryParse(new string('a', 64), out _).Should().BeFalse();
    }

    [Fact]
    public void A_refused_image_name_is_told_with_the_rule() =>
        FluentActions.Invoking(() => new ImageName("A")).Should().Throw<ArgumentException>().WithMessage($"'A'*{ImageName.Rule}*");

    [Theory]
    [InlineData("a")]
    [InlineData("vmx-abc123-42")]
    [InlineData("0")]
    public void A_domain_name_is_a_host_name_label(string text) => new DomainName(text).Value.Should().Be(text);

    [Theory]
    [InlineData("")]
    [InlineData("-a")]
    [InlineData("a-")]
    [InlineData("A")]
    [InlineData("a.b")]
    [InlineData("a_b")]
    [InlineData("a\n")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void Other_text_is_not_a_domain_name(string text) =>
        FluentActions.Invoking(() => new DomainName(text)).Should().Throw<ArgumentException>().WithMessage($"'{text}'*");

    [Fact]
    public void A_mac_address_lies_in_the_range_of_QEMU() =>
        new MacAddress([0x0a, 0xff, 0x00]).ToString().Should().Be("52:54:00:0a:ff:00");

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(4)]
    public void A_mac_address_takes_three_octets(int length) =>
        FluentActions.Invoking(() => new MacAddress(new byte[length])).Should().Throw<ArgumentException>();
}
