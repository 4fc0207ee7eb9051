using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health;
using VmExecutor.Core.Users;
using Xunit;

namespace VmExecutor.Core.Tests.Users;

public sealed class VmUserChoiceTests
{
    private static readonly VmUserPool Pool = new([new VmUser("vm-executor-g0", 900, 800, 995)], 995);

    [Theory]
    [InlineData(UserPerVm.Auto, "qemu:///system", true, true, "", null)]
    [InlineData(UserPerVm.Required, "qemu:///system", true, true, "#dynamic_ownership = 0\ndynamic_ownership = 1\n", null)]
    [InlineData(UserPerVm.Off, "qemu:///system", true, true, "", "is off")]
    [InlineData(UserPerVm.Auto, "qemu:///session", true, true, "", "qemu:///session")]
    [InlineData(UserPerVm.Auto, "qemu+ssh://root@other/system", true, true, "", "qemu+ssh://root@other/system")]
    [InlineData(UserPerVm.Auto, "test:///default", true, true, "", "test:///default")]
    [InlineData(UserPerVm.Auto, "qemu:///system", false, true, "", "as root")]
    [InlineData(UserPerVm.Required, "qemu:///system", true, true, "user = \"root\"\n  dynamic_ownership=0 # no\n", "dynamic_ownership = 0")]
    [InlineData(UserPerVm.Auto, "qemu:///system", true, false, "", "no users named vm-executor-g0")]
    public void Clones_have_users_of_their_own_where_the_host_can_give_them_one_or_the_reason_is_said(
        UserPerVm setting, string uri, bool isRoot, bool hasPool, string qemuConf, string? whyNot)
    {
        var choice = VmUserChoice.Decide(setting, uri, isRoot, () => hasPool ? Pool : VmUserPool.Empty, () => qemuConf);

        if (whyNot is null)
        {
            choice.Should().Be(new VmUserChoice(Pool, null));
        }
        else
        {
            choice.Pool.Should().BeNull();
            choice.WhyNot.Should().Contain(whyNot);
            var failure = choice.Failure();
            failure.Code.Should().Be(ErrorCodes.VmUserImpossible);
            failure.Message.Should().Contain(choice.WhyNot);
        }
    }

    [Theory]
    [InlineData(UserPerVm.Auto, CheckStatus.Warning)]
    [InlineData(UserPerVm.Required, CheckStatus.Problem)]
    public void Users_that_lack_a_group_of_QEMUs_are_not_used_and_doctor_says_how_to_complete_them(UserPerVm setting, CheckStatus expected)
    {
        var pool = VmUserPool.Parse("vm-executor-g0:x:900:800:VM:/:/usr/sbin/nologin\n", "vm-executor-vms:x:995:vm-executor-g0\nvm-executor-g0:x:800:\nkvm:x:1:\nlibvirt-qemu:x:2:\n");

        var choice = VmUserChoice.Decide(setting, "qemu:///system", true, () => pool, () => "");

        choice.Pool.Should().BeNull();
        choice.WhyNot.Should().Contain("not in the group kvm, nor in libvirt-qemu");
        var finding = LibvirtRules.DecideVmUsers(setting, choice);
        finding.Status.Should().Be(expected);
        finding.Fix.Should().Contain("users/install");
    }

    [Theory]
    [InlineData(UserPerVm.Auto, "qemu:///system", true, true, CheckStatus.Ok)]
    [InlineData(UserPerVm.Auto, "qemu:///system", true, false, CheckStatus.Warning)]
    [InlineData(UserPerVm.Auto, "qemu:///session", false, false, CheckStatus.Skipped)]
    [InlineData(UserPerVm.Auto, "qemu:///system", false, true, CheckStatus.Skipped)]
    [InlineData(UserPerVm.Off, "qemu:///system", true, true, CheckStatus.Skipped)]
    [InlineData(UserPerVm.Required, "qemu:///session", false, false, CheckStatus.Problem)]
    public void Doctor_warns_where_only_the_users_are_missing(UserPerVm setting, string uri, bool isRoot, bool hasPool, CheckStatus expected)
    {
        var choice = VmUserChoice.Decide(setting, uri, isRoot, () => hasPool ? Pool : VmUserPool.Empty, () => "");

        LibvirtRules.DecideVmUsers(setting, choice).Status.Should().Be(expected);
    }
}
