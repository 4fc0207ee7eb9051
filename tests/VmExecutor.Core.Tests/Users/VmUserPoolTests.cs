using FluentAssertions;
using VmExecutor.Core.Users;
using Xunit;

namespace VmExecutor.Core.Tests.Users;

public sealed class VmUserPoolTests
{
    private const string Passwd = """
        root:x:0:0:root:/root:/bin/bash
        vm-executor-g10:x:910:810:VM:/:/usr/sbin/nologin
        vm-executor-g2:x:902:802:VM:/:/usr/sbin/nologin
        vm-executor-g0:x:900:800:VM:/:/usr/sbin/nologin
        vm-executor-g3:x:0:803:root by another name:/:/bin/sh
        vm-executor-g4:x:904:804:its group is called otherwise:/:/usr/sbin/nologin
        vm-executor-g5:x:905:805:not in the common group:/:/usr/sbin/nologin
        vm-executor-g6:x:906:4294967296:no number:/:/usr/sbin/nologin
        vm-executor-guest:x:907:807:no number in its name:/:/usr/sbin/nologin
        vm-executor-g
        """;

    private const string Group = """
        vm-executor-vms:x:995:vm-executor-g0,vm-executor-g2,vm-executor-g10,vm-executor-g3,vm-executor-g4,vm-executor-g6,vm-executor-guest,vm-executor-g,gone
        vm-executor-g0:x:800:
        vm-executor-g2:x:802:
        vm-executor-g3:x:803:
        vm-executor-g5:x:805:
        vm-executor-g10:x:810:
        vm-executor-guest:x:807:
        short
        """;

    [Fact]
    public void The_users_come_in_the_order_of_their_numbers_and_odd_ones_are_left_out()
    {
        var pool = VmUserPool.Parse(Passwd, Group);

        pool.Users.Should().Equal(new VmUser("vm-executor-g0", 900, 800, 995), new VmUser("vm-executor-g2", 902, 802, 995), new VmUser("vm-executor-g10", 910, 810, 995));
        pool.Group.Should().Be(995);
        pool.Find("vm-executor-g2")!.Label.Should().Be("vm-executor-g2:vm-executor-g2");
        pool.Find("vm-executor-g3").Should().BeNull();
        pool.Find(null).Should().BeNull();
    }

    /// <summary>As when the package was set up before libvirt's, which makes the group.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("kvm:x:104:vm-executor-g0,vm-executor-g2,vm-executor-g10,somebody\n")]
    [InlineData("libvirt-qemu:x:64055:libvirt-qemu\n", "libvirt-qemu")]
    [InlineData("kvm:x:104:\nlibvirt-qemu:x:64055:vm-executor-g0,vm-executor-g10\nrender:x:105:\n", "kvm", "libvirt-qemu")]
    [InlineData("qemu:x:107:vm-executor-g20,vm-executor-g2,vm-executor-g10\n", "qemu")]
    public void A_group_that_QEMU_needs_must_have_all_of_the_users(string further, params string[] lacks) =>
        VmUserPool.Parse(Passwd, $"{further}{Group}").LacksGroups.Should().Equal(lacks);

    [Theory]
    [InlineData("", "")]
    [InlineData(Passwd, "")]
    [InlineData("", Group)]
    [InlineData(Passwd, "vm-executor-vms:x:0:vm-executor-g0\nvm-executor-g0:x:800:\n")]
    [InlineData(Passwd, "vm-executor-vms:x:995:\nvm-executor-g0:x:800:\n")]
    public void A_host_without_the_group_or_its_members_has_no_pool(string passwd, string group) => VmUserPool.Parse(passwd, group).Should().BeSameAs(VmUserPool.Empty);
}
