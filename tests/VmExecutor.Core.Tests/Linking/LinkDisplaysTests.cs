using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Linking;
using Xunit;

namespace VmExecutor.Core.Tests.Linking;

/// <summary>The treatment of a display's password, and of a display whose password is not known.</summary>
public sealed class LinkDisplaysTests
{
    private const string Local = "<listen type=\"address\" address=\"127.0.0.1\" />";

    [Theory]
    [InlineData("<graphics type='vnc' autoport='yes' listen='0.0.0.0' passwdValidTo='2030-01-01T00:00:00'><listen type='address' address='0.0.0.0'/></graphics>", Local)]
    [InlineData("<graphics type='vnc' port='5900' listen='::'/>", Local)]
    [InlineData("<graphics type='spice' autoport='yes'/>", Local)]
    [InlineData("<graphics type='spice' autoport='yes'><listen type='network' network='lan'/><image compression='off'/></graphics>", $"{Local}<image compression=\"off\" />")]
    [InlineData("<graphics type='rdp' autoport='yes'><listen type='address'/></graphics>", Local)]
    [InlineData("<graphics type='spice' autoport='yes'><listen type='socket'/><listen type='address' address='10.0.0.1'/></graphics>", "<listen type=\"socket\" />")]
    public void A_display_whose_password_is_not_known_listens_on_loopback_only(string display, string content)
    {
        var source = Domain(display);

        var kept = LinkDisplays.KeepLocal(source);

        var graphics = kept.Element("devices")!.Element("graphics")!;
        string.Concat(graphics.Elements().Select(element => element.ToString(SaveOptions.DisableFormatting))).Should().Be(content);
        graphics.Attributes().Select(attribute => attribute.Name.LocalName).Should().NotContain(["listen", "passwdValidTo"]);
        LinkDisplays.AreOnNetwork(source).Should().BeTrue();
        XNode.DeepEquals(source, Domain(display)).Should().BeTrue("the source's XML is not changed");
    }

    [Theory]
    [InlineData("<graphics type='vnc' socket='/run/x.vnc'/>")]
    [InlineData("<graphics type='vnc'><listen type='socket' socket='/run/x.vnc'/></graphics>")]
    [InlineData("<graphics type='spice'><listen type='none'/></graphics>")]
    [InlineData("<graphics type='sdl' display=':0'/>")]
    [InlineData("<graphics type='egl-headless'/>")]
    public void A_display_that_no_network_reaches_stays_as_it_is(string display)
    {
        XNode.DeepEquals(LinkDisplays.KeepLocal(Domain(display)), Domain(display)).Should().BeTrue();
        LinkDisplays.AreOnNetwork(Domain(display)).Should().BeFalse();
    }

    [Fact]
    public void The_printed_definition_has_empty_passwords_which_lock_the_display()
    {
        var domain = Domain("<graphics type='vnc' passwd='s3cret' passwdValidTo='2030-01-01T00:00:00'/><graphics type='spice' passwd='other'/><graphics type='vnc'/>");

        var printed = LinkDisplays.WithoutPasswords(domain);

        printed.ToString().Should().NotContainAny("s3cret", "other");
        printed.Descendants("graphics").Select(display => (string?)display.Attribute("passwd")).Should().Equal("", "", null);
        LinkDisplays.HavePassword(domain).Should().BeTrue();
        domain.ToString().Should().ContainAll("s3cret", "other");
    }

    private static XElement Domain(string devices) => XElement.Parse($"<domain><name>base</name><devices>{devices}</devices></domain>");
}
