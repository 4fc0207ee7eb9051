using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Egress;
using Xunit;

namespace VmExecutor.Core.Tests.Egress;

public sealed class RestrictedCardTests
{
    private const string On = "hostnet0: index=0,type=user,net=10.0.2.0,restrict=off\r\nua-vmx-restricted: index=0,type=nic,model=virtio-net-pci,macaddr=52:54:00:11:22:33\r\n \\ vmx-restricted: index=0,type=user,net=10.0.2.0,restrict=on\r\n";

    [Theory]
    [InlineData(On, true)]
    [InlineData("net0: index=0,type=nic,model=virtio-net-pci,macaddr=52:54:00:11:22:33\r\n \\ hostnet0: index=0,type=user,net=10.0.2.0,restrict=off\r\nvmx-restricted: index=0,type=user,net=10.0.2.0,restrict=on\r\n", false)]
    [InlineData(On + "net1: index=0,type=nic\r\n \\ hostnet1: index=0,type=user,net=10.0.2.0,restrict=off\r\n", false)]
    [InlineData("net0: index=0,type=nic\r\n", false)]
    [InlineData("", false)]
    public void A_card_is_looked_at_as_qemu_has_it(string networks, bool holds) => RestrictedCard.Holds(networks).Should().Be(holds);

    [Fact]
    public void The_card_keeps_its_place_and_gets_another_network()
    {
        var domain = XElement.Parse("<domain><devices><interface type='user'><mac address='52:54:00:11:22:33'/><alias name='net0'/></interface></devices></domain>");

        RestrictedCard.Apply(domain);

        var qemu = XNamespace.Get("http://libvirt.org/schemas/domain/qemu/1.0");
        domain.Element(qemu + "commandline")!.Elements().Select(one => one.Attribute("value")!.Value).Should().Equal("-netdev", "user,id=vmx-restricted,restrict=on,ipv6=off");
        var device = domain.Element(qemu + "override")!.Element(qemu + "device")!;
        domain.Element("devices")!.Element("interface")!.Elements("alias").Should().ContainSingle().Which.Attribute("name")!.Value.Should().Be(device.Attribute("alias")!.Value).And.StartWith("ua-");
        device.Descendants(qemu + "property").Should().ContainSingle().Which.Attributes().Select(one => one.Value).Should().Equal("netdev", "string", "vmx-restricted");
    }
}
