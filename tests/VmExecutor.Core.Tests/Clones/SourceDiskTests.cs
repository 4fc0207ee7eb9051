using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Clones;

public sealed class SourceDiskTests
{
    [Fact]
    public void Files_and_block_devices_that_the_guest_may_write_are_found()
    {
        var disks = SourceDisk.WritableOf(Domain(
            """
            <disk type='file'><driver type='qcow2'/><source file='/a.qcow2'/><target dev='vda'/></disk>
            <disk type='block' device='disk'><driver type='raw'/><source dev='/dev/vg/base'/><target dev='vdb'/></disk>
            <disk type='file' device='cdrom'><target dev='sda'/></disk>
            <disk type='file' device='floppy'><source file='/f.img'/><target dev='fda'/></disk>
            <disk type='file'><source file='/ro.img'/><target dev='vdc'/><readonly/></disk>
            """));

        disks.Should().Equal(
            new SourceDisk("vda", new AbsolutePath("/a.qcow2"), "qcow2"),
            new SourceDisk("vdb", new AbsolutePath("/dev/vg/base"), "raw"));
    }

    [Theory]
    [InlineData("<disk type='network'><source protocol='rbd' name='x'/><target dev='vda'/></disk>", "type 'network'")]
    [InlineData("<disk type='volume'><source pool='p' volume='v'/><target dev='vda'/></disk>", "type 'volume'")]
    [InlineData("<disk type='file'><source file='/a'><encryption format='luks'/></source><target dev='vda'/></disk>", "encrypted")]
    [InlineData("<disk type='file'><target dev='vda'/></disk>", "names no file")]
    [InlineData("<disk type='file'><source file='/a'/><target dev='../x'/></disk>", "no usable target name")]
    public void Disks_that_cannot_be_cloned_are_refused_with_the_reason(string disk, string why)
    {
        var read = () => SourceDisk.WritableOf(Domain(disk));

        read.Should().Throw<SystemFailureException>().WithMessage($"*{why}*").Which.Code.Should().Be(ErrorCodes.SourceUnsupported);
    }

    [Fact]
    public void A_SCSI_device_passed_through_is_refused_as_such()
    {
        var read = () => SourceDisk.WritableOf(Domain("<disk type='block' device='lun'><source dev='/dev/sdx'/><target dev='sda'/></disk>"));

        read.Should().Throw<SystemFailureException>().Which.Code.Should().Be(ErrorCodes.SourceHasPassthrough);
    }

    private static XElement Domain(string disks) => XElement.Parse($"<domain><devices>{disks}</devices></domain>");
}
