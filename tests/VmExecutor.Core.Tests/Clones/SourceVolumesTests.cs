using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Clones;

/// <summary>Disks that are volumes of storage pools.</summary>
public sealed class SourceVolumesTests
{
    private const string Uri = "qemu:///system";

    private static readonly StorageVolume File = new("dir", true, VolumeKind.File, "/var/lib/libvirt/images/root.qcow2");

    [Fact]
    public void A_volume_that_is_a_file_becomes_a_disk_of_that_file_with_all_else_kept()
    {
        var source = Domain("""
            <disk type='volume' device='disk' snapshot='external'>
              <driver name='qemu' type='qcow2' cache='none'/>
              <source pool='default' volume='root.qcow2' startupPolicy='optional'><seclabel model='dac' relabel='no'/></source>
              <target dev='vda' bus='virtio'/>
            </disk>
            """);

        var (resolved, remarks) = SourceVolumes.Resolve(source, Answer("default", "root.qcow2", File), Uri);

        remarks.Should().BeEmpty();
        resolved.Should().BeEquivalentTo(Domain("""
            <disk type='file' device='disk' snapshot='external'>
              <driver name='qemu' type='qcow2' cache='none'/>
              <source startupPolicy='optional' file='/var/lib/libvirt/images/root.qcow2'><seclabel model='dac' relabel='no'/></source>
              <target dev='vda' bus='virtio'/>
            </disk>
            """));
        SourceDisk.WritableOf(resolved).Should().Equal(new SourceDisk("vda", new AbsolutePath("/var/lib/libvirt/images/root.qcow2"), "qcow2"));
        source.Element("devices")!.Element("disk")!.Attribute("type")!.Value.Should().Be("volume", "the source is not changed");
    }

    [Theory]
    [InlineData("logical", "/dev/vg0/root")]
    [InlineData("iscsi", "/dev/disk/by-path/ip-10.0.0.1:3260-iscsi-iqn.x-lun-1")]
    [InlineData("zfs", "/dev/zvol/tank/root")]
    public void A_volume_that_is_a_block_device_becomes_a_disk_of_that_device(string pool, string path)
    {
        var source = Domain("<disk type='volume'><source pool='p' volume='v' mode='host'/><target dev='sda'/></disk>");

        var (resolved, _) = SourceVolumes.Resolve(source, Answer("p", "v", new StorageVolume(pool, true, VolumeKind.Block, path)), Uri);

        resolved.Element("devices")!.Element("disk").Should().BeEquivalentTo(
            XElement.Parse($"<disk type='block'><source dev='{path}'/><target dev='sda'/></disk>"));
    }

    [Fact]
    public void All_disks_that_cannot_be_used_are_named_at_once_with_pool_volume_and_what_to_do()
    {
        var source = Domain("""
            <disk type='volume'><source pool='gone' volume='a.qcow2'/><target dev='vda'/></disk>
            <disk type='volume'><source pool='off' volume='b.qcow2'/><target dev='vdb'/></disk>
            <disk type='volume'><source pool='default' volume='c.qcow2'/><target dev='vdc'/></disk>
            <disk type='volume'><source pool='ceph' volume='d'/><target dev='vdd'/></disk>
            <disk type='volume'><source pool='san' volume='e' mode='direct'/><target dev='vde'/></disk>
            <disk type='volume'><source pool='dir' volume='f'/><target dev='vdf'/></disk>
            """);
        var answers = new Dictionary<VolumeName, StorageVolume>
        {
            [new("gone", "a.qcow2")] = new(null, false, null, null),
            [new("off", "b.qcow2")] = new("dir", false, null, null),
            [new("default", "c.qcow2")] = new("dir", true, null, null),
            [new("ceph", "d")] = new("rbd", true, VolumeKind.Network, "ceph/d"),
            [new("san", "e")] = new("iscsi", true, VolumeKind.Block, "/dev/disk/by-path/lun-1"),
            [new("dir", "f")] = new("dir", true, VolumeKind.Directory, "/srv/f"),
        };

        var failure = ((Action)(() => SourceVolumes.Resolve(source, answers, Uri))).Should().Throw<SystemFailureException>().Which;

        failure.Code.Should().Be(ErrorCodes.SourceVolumeUnusable);
        failure.Message.Should().Contain("'web'")
            .And.Contain("disk 'vda': volume 'a.qcow2' of storage pool 'gone': there is no such pool")
            .And.Contain("disk 'vdb': volume 'b.qcow2' of storage pool 'off': the pool is not active")
            .And.Contain("disk 'vdc': volume 'c.qcow2' of storage pool 'default': the pool has no such volume")
            .And.Contain("disk 'vdd': volume 'd' of storage pool 'ceph' lies on the network (pool type 'rbd')")
            .And.Contain("disk 'vde': volume 'e' of storage pool 'san' is reached by QEMU itself")
            .And.Contain("disk 'vdf': volume 'f' of storage pool 'dir' is a directory");
        failure.Hint.Should().Contain("pool-start 'off'").And.Contain("pool-refresh 'default'").And.Contain("qemu-img convert");
    }

    [Theory]
    [InlineData("cdrom", "sda")]
    [InlineData("floppy", "fda")]
    public void A_medium_whose_volume_is_gone_is_taken_out_with_a_remark_and_stops_nothing(string device, string target)
    {
        var source = Domain($"<disk type='volume' device='{device}'><source pool='iso' volume='setup.iso'/><target dev='{target}'/><readonly/></disk>");

        var (resolved, remarks) = SourceVolumes.Resolve(source, Answer("iso", "setup.iso", new StorageVolume("dir", false, null, null)), Uri);

        var disk = resolved.Element("devices")!.Element("disk")!;
        disk.Attribute("type")!.Value.Should().Be("file");
        disk.Element("source")!.HasAttributes.Should().BeFalse();
        remarks.Should().ContainSingle().Which.Should().StartWith($"{device} '{target}' is empty for clones: volume 'setup.iso' of storage pool 'iso': the pool is not active");
    }

    [Fact]
    public void Names_of_the_definition_stay_on_one_line_and_in_one_word()
    {
        var source = Domain("<disk type='volume'><source pool=\"a'b; rm -rf /\" volume='v&#10;VMX'/><target dev='vda'/></disk>");

        var failure = ((Action)(() => SourceVolumes.Resolve(source, Answer("a'b; rm -rf /", "v\nVMX", new StorageVolume("dir", false, null, null)), Uri)))
            .Should().Throw<SystemFailureException>().Which;

        failure.Message.Should().NotContain("\n");
        failure.Hint.Should().NotContain("pool-start a'b; rm");
    }

    private static Dictionary<VolumeName, StorageVolume> Answer(string pool, string volume, StorageVolume answer) => new() { [new VolumeName(pool, volume)] = answer };

    private static XElement Domain(string devices) => XElement.Parse($"<domain type='kvm'><name>web</name><devices>{devices}</devices></domain>");
}
