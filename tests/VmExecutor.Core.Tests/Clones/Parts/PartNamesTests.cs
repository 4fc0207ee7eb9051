using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones.Parts;
using Xunit;

namespace VmExecutor.Core.Tests.Clones.Parts;

public sealed class PartNamesTests
{
    [Fact]
    public void Controllers_are_told_apart_by_the_index_that_libvirt_gives_them_within_their_type() =>
        Names(
            "<controller type='usb' index='0' model='qemu-xhci'/>",
            "<controller type='pci' index='0' model='pcie-root'/>",
            "<controller type='scsi' index='0' model='virtio-scsi'/>",
            "<controller type='pci' index='1' model='pcie-root-port'/>",
            "<controller type='scsi' index='3' model='virtio-scsi'/>")
        .Should().Equal("controller (usb)", "controller (pci, index 0)", "controller (scsi, index 0)", "controller (pci, index 1)", "controller (scsi, index 3)");

    [Fact]
    public void A_controller_without_an_index_has_the_lowest_that_is_free() =>
        Names("<controller type='scsi'/>", "<controller type='sata'/>", "<controller type='scsi' index='0'/>", "<controller type='scsi'/>")
        .Should().Equal("controller (scsi, index 1)", "controller (sata)", "controller (scsi, index 0)", "controller (scsi, index 2)");

    [Fact]
    public void Companions_that_share_an_index_are_told_apart_by_their_model() =>
        Names("<controller type='usb' index='0' model='ich9-ehci1'/>", "<controller type='usb' index='0' model='ich9-uhci1'><master startport='0'/></controller>", "<controller type='usb' index='1' model='nec-xhci'/>")
        .Should().Equal("controller (usb, index 0, model ich9-ehci1)", "controller (usb, index 0, model ich9-uhci1)", "controller (usb, index 1)");

    [Fact]
    public void Network_interfaces_are_counted_within_their_type() =>
        Names(
            "<interface type='user'/>", "<interface type='network'><source network='a'/></interface>", "<interface type='network'><source network='b'/></interface>", "<interface type='bridge'/>")
        .Should().Equal(
            "network interface of type user", "network interface of type network, number 1", "network interface of type network, number 2", "network interface of type bridge");

    [Theory]
    [InlineData("serial")]
    [InlineData("parallel")]
    [InlineData("console")]
    [InlineData("channel")]
    public void Consoles_are_counted_within_their_type_and_apart_from_those_that_have_a_name(string name) =>
        Names($"<{name} type='unix'><target name='agent.0'/></{name}>", $"<{name} type='pty'/>", $"<{name} type='unix'/>", $"<{name} type='pty'/>", $"<{name} type='file'/>")
        .Should().Equal($"{name} agent.0", $"{name} of type pty, number 1", $"{name} of type unix", $"{name} of type pty, number 2", $"{name} of type file");

    [Fact]
    public void Input_devices_of_the_host_are_not_counted_among_the_guests_own() =>
        Names("<input type='evdev'><source dev='/dev/input/event1'/></input>", "<input type='tablet'/>", "<input type='keyboard'/>")
        .Should().Equal("input device of the host /dev/input/event1 (evdev)", "input, number 1", "input, number 2");

    [Theory]
    [InlineData("<disk type='file' device='cdrom'/>", "cdrom ''")]
    [InlineData("<hostdev mode='subsystem' type='usb'/>", "hostdev (subsystem usb)")]
    [InlineData("<graphics type='vnc'/>", "graphics (vnc)")]
    [InlineData("<memory model='dimm'/>", "memory module (dimm)")]
    [InlineData("<filesystem type='mount'><source dir='/srv'/></filesystem>", "shared directory /srv")]
    [InlineData("<smartcard mode='host'/>", "smart card reader (host)")]
    [InlineData("<channel type='unix'><target name='agent.0'/></channel>", "channel agent.0")]
    [InlineData("<video><model type='virtio'/></video>", "video")]
    public void No_two_devices_have_the_same_name(string definition, string name)
    {
        Names(definition).Should().Equal(name);
        Names(definition, "<emulator/>", definition, definition).Should().Equal($"{name}, number 1", "emulator", $"{name}, number 2", $"{name}, number 3");
    }

    private static IEnumerable<string> Names(params string[] definitions) =>
        XElement.Parse($"<devices>{string.Concat(definitions)}</devices>").Elements().Select(PartNames.Device);
}
