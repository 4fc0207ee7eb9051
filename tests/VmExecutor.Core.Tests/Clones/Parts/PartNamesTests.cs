using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones.Parts;
using Xunit;

namespace VmExecutor.Core.Tests.Clones.Parts;

public sealed class PartNamesTests
{
    [Fact]
    public void Controllers_are_told_apart_by_the_index_that_libvirt_gives_them_within_their_type() =>
        Controllers(
            "<controller type='usb' index='0' model='qemu-xhci'/>",
            "<controller type='pci' index='0' model='pcie-root'/>",
            "<controller type='scsi' index='0' model='virtio-scsi'/>",
            "<controller type='pci' index='1' model='pcie-root-port'/>",
            "<controller type='scsi' index='3' model='virtio-scsi'/>")
        .Should().Equal("controller (usb)", "controller (pci, index 0)", "controller (scsi, index 0)", "controller (pci, index 1)", "controller (scsi, index 3)");

    [Fact]
    public void A_controller_without_an_index_has_the_lowest_that_is_free() =>
        Controllers("<controller type='scsi'/>", "<controller type='sata'/>", "<controller type='scsi' index='0'/>", "<controller type='scsi'/>")
        .Should().Equal("controller (scsi, index 1)", "controller (sata)", "controller (scsi, index 0)", "controller (scsi, index 2)");

    [Fact]
    public void Companions_that_share_an_index_are_told_apart_by_their_model() =>
        Controllers("<controller type='usb' index='0' model='ich9-ehci1'/>", "<controller type='usb' index='0' model='ich9-uhci1'><master startport='0'/></controller>", "<controller type='usb' index='1' model='nec-xhci'/>")
        .Should().Equal("controller (usb, index 0, model ich9-ehci1)", "controller (usb, index 0, model ich9-uhci1)", "controller (usb, index 1)");

    private static IEnumerable<string> Controllers(params string[] definitions) =>
        XElement.Parse($"<devices>{string.Concat(definitions)}</devices>").Elements().Select(PartNames.Device);
}
