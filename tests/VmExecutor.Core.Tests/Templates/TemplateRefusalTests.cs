using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Templates;

public sealed class TemplateRefusalTests
{
    // Of QEMU 7.2, by libvirt 9.0, with ram.img owned by root and mode 0600.
    private const string Words =
        "internal error: qemu unexpectedly closed the monitor: 2026-11-24T21:20:43.1Z qemu-system-x86_64: can't open backing store "
        + "/var/lib/vm-executor/images/debian-12/3/warm/0123456789abcdef/ram.img for guest RAM: Permission denied";

    private static readonly AbsolutePath Ram = new("/var/lib/vm-executor/images/debian-12/3/warm/0123456789abcdef/ram.img");

    [Theory]
    [InlineData(Words, true)]
    [InlineData("qemu-system-x86_64: can't open backing store /x/ram.img for guest RAM: No such file or directory", false)]
    [InlineData("qemu-system-x86_64: -drive file=/x: Could not open '/x': Permission denied", false)]
    public void Only_a_refused_memory_file_is_explained(string words, bool explained) => TemplateRefusal.Explains(words).Should().Be(explained);

    [Fact]
    public void An_obstacle_of_owner_or_mode_goes_first()
    {
        var failure = TemplateRefusal.Of(Words, Ram, SecurityDriver.AppArmor, ("the user QEMU runs as (64055) may not pass through /var/lib/vm-executor", "chmod a+x /var/lib/vm-executor"));

        failure.Code.Should().Be(ErrorCodes.TemplateRefused);
        failure.Message.Should().ContainAll(Ram.Value, "64055", "can't open backing store");
        failure.Hint.Should().Be("As root: chmod a+x /var/lib/vm-executor.");
    }

    [Fact]
    public void AppArmor_is_told_by_the_script_that_comes_along()
    {
        var failure = TemplateRefusal.Of(Words, Ram, SecurityDriver.AppArmor, null);

        failure.Message.Should().Contain("AppArmor has no rule for this file");
        failure.Hint.Should().StartWith(
            "As root: executor/apparmor/install, which adds this line to /etc/apparmor.d/local/abstractions/libvirt-qemu: "
            + "/var/lib/vm-executor/images/*/*/warm/*/ram.img rw, VMs started after that have it");
    }

    [Fact]
    public void For_a_state_dir_of_ones_own_the_line_is_written_out()
    {
        var failure = TemplateRefusal.Of(Words, new AbsolutePath("/srv/vms/images/small/1/warm/f/ram.img"), SecurityDriver.AppArmor, null);

        failure.Hint.Should().StartWith("As root, add this line to /etc/apparmor.d/local/abstractions/libvirt-qemu: /srv/vms/images/*/*/warm/*/ram.img rw, ");
    }

    [Theory]
    [InlineData("/srv/my vms/images/small/1/warm/f/ram.img", "\"/srv/my vms/images/*/*/warm/*/ram.img\" rw,")]
    [InlineData("/srv/a[b]/images/small/1/warm/.new-f-1/ram.img", "\"/srv/a\\[b\\]/images/*/*/warm/*/ram.img\" rw,")]
    [InlineData("/elsewhere/memory", "/elsewhere/memory rw,")]
    public void The_line_means_this_path_and_no_pattern(string ram, string rule) => TemplateRefusal.AppArmorRule(new AbsolutePath(ram)).Should().Be(rule);

    [Fact]
    public void SELinux_gets_labels_that_last()
    {
        var failure = TemplateRefusal.Of(Words, Ram, SecurityDriver.SELinux, null);

        failure.Message.Should().Contain("this file has no SELinux label for QEMU");
        failure.Hint.Should().StartWith(
            "As root: semanage fcontext -a -t svirt_image_t '/var/lib/vm-executor/images(/.*)?' && restorecon -R '/var/lib/vm-executor/images'. ");
    }

    [Fact]
    public void Without_a_reason_that_is_known_the_advice_is_where_to_look()
    {
        var failure = TemplateRefusal.Of(Words, Ram, SecurityDriver.None, null);

        failure.Message.Should().Contain("neither AppArmor nor SELinux is active");
        failure.Hint.Should().ContainAll($"getfacl {Ram}", "vm-executor image warm debian-12");
    }
}
