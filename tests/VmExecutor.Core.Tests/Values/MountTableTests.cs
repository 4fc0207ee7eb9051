using FluentAssertions;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Values;

/// <summary>/proc/self/mountinfo, and which file systems may hold a disk.</summary>
public sealed class MountTableTests
{
    private const string Text =
        """
        27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
        24 27 0:6 / /dev rw,relatime - devtmpfs devtmpfs rw,size=1k
        25 24 0:23 / /dev/shm rw - tmpfs tmpfs rw
        40 27 0:40 / /mnt/with\040space\134 rw master:2 propagate_from:1 - fuse.sshfs host:/x rw,user_id=1000
        41 27 0:41 / /mnt/open rw - fuse.sshfs host:/y rw,user_id=0,allow_other
        42 27 8:1 /sub /srv/ro ro,noatime - xfs /dev/sda1 rw
        43 27 7:3 / /snap/core/1 rw - squashfs /dev/loop3 ro
        44 27 0:44 / /over rw - overlay overlay rw,lowerdir=/a,upperdir=/b,workdir=/c
        45 27 0:45 / /dev/shm rw - ramfs none rw
        not a line of mountinfo
        46 27 0:46 / relative rw - ext4 x rw

        """;

    private static readonly MountTable Table = MountTable.Parse(Text);

    [Theory]
    [InlineData(27, "ext4", "/", null)]
    [InlineData(24, "devtmpfs", "/dev", "/dev is a devtmpfs, so its files are in memory and are lost when the host restarts")]
    [InlineData(25, "tmpfs", "/dev/shm", "/dev/shm is a tmpfs, so its files are in memory and are lost when the host restarts")]
    [InlineData(40, "fuse.sshfs", "/mnt/with space\\", null)]
    [InlineData(42, "xfs", "/srv/ro", "/srv/ro (xfs) is mounted read-only")]
    [InlineData(43, "squashfs", "/snap/core/1", "/snap/core/1 (squashfs) is mounted read-only")]
    [InlineData(44, "overlay", "/over", null)]
    public void A_mount_is_found_by_its_number(ulong id, string type, string point, string? obstacle)
    {
        var mounted = Table.Find(id)!;

        (mounted.Type, mounted.MountPoint.Value, mounted.ObstacleForDisks).Should().Be((type, point, obstacle));
    }

    [Fact]
    public void A_mount_of_one_user_is_told_from_one_for_all()
    {
        Table.Find(40)!.AdmitsOthers.Should().BeFalse();
        Table.Find(41)!.AdmitsOthers.Should().BeTrue();
        Table.Find(27)!.AdmitsOthers.Should().BeTrue();
        Table.Find(46).Should().BeNull("a line that is not understood is left out");
        Table.Find(99).Should().BeNull();
    }

    [Theory]
    [InlineData("/srv/x", "ext4")]
    [InlineData("/srv/ro", "xfs")]
    [InlineData("/srv/ro/a/b", "xfs")]
    [InlineData("/srv/rock", "ext4")]
    [InlineData("/dev/vg/data", "devtmpfs")]
    [InlineData("/dev/shm/x", "ramfs")]
    public void Without_a_number_the_deepest_and_last_mount_above_the_path_counts(string path, string type) =>
        Table.FindByName(new AbsolutePath(path))!.Type.Should().Be(type);

    [Fact]
    public void An_empty_table_knows_nothing() => MountTable.Parse("").FindByName(new AbsolutePath("/x")).Should().BeNull();
}
