using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Health;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Health;

public sealed class LibvirtRulesTests
{
    [Theory]
    [InlineData("9.0.0", CheckStatus.Ok)]
    [InlineData("11.3.0", CheckStatus.Ok)]
    [InlineData("8.0.0", CheckStatus.Warning)]
    [InlineData("odd", CheckStatus.Ok)]
    public void A_libvirt_that_was_never_tried_is_told(string version, CheckStatus status)
    {
        var finding = LibvirtRules.DecideLibvirt("qemu:///system", version, new KnownVersions(new Version(9, 0), []));

        finding.Status.Should().Be(status);
        finding.Found.Should().Contain($"libvirt {version} answers at qemu:///system");
    }

    [Theory]
    [InlineData("7.2.22", "/usr/bin/qemu-system-x86_64", true, CheckStatus.Ok, "QEMU 7.2.22 (/usr/bin/qemu-system-x86_64)")]
    [InlineData("6.2.0", "/usr/bin/qemu-system-x86_64", true, CheckStatus.Warning, "older than 7.2")]
    [InlineData("7.2.22", "/opt/qemu", false, CheckStatus.Problem, "/opt/qemu")]
    [InlineData("7.2.22", null, false, CheckStatus.Problem, "knows no QEMU for x86_64")]
    public void QEMU_must_be_there_for_the_hosts_processor(string version, string? emulator, bool isThere, CheckStatus status, string found)
    {
        var finding = LibvirtRules.DecideQemu(version, new KnownVersions(new Version(7, 2), []), emulator, isThere, "x86_64", LibvirtDaemon.OfQemu);

        finding.Status.Should().Be(status);
        finding.Found.Should().Contain(found);
        (finding.Fix ?? "").Should().NotContain("libvirtd");
    }

    [Fact]
    public void The_losses_by_an_old_version_are_told_and_are_no_warning()
    {
        var known = new KnownVersions(new Version(7, 2), ["before 8.2 this", "before 9.0 that"]);

        LibvirtRules.DecideQemu("7.2.22", known, "/usr/bin/qemu-system-x86_64", true, "x86_64", LibvirtDaemon.OfQemu)
            .Should().Be(Checks.Qemu.Ok("QEMU 7.2.22 (/usr/bin/qemu-system-x86_64); before 8.2 this; before 9.0 that"));
        LibvirtRules.DecideLibvirt("qemu:///system", "9.0.0", known).Found.Should().Be("libvirt 9.0.0 answers at qemu:///system; before 8.2 this; before 9.0 that");
    }

    [Theory]
    [InlineData(SecurityDriver.None, true, "small", null, null, CheckStatus.Ok)]
    [InlineData(SecurityDriver.AppArmor, false, "small", null, null, CheckStatus.Ok)]
    [InlineData(SecurityDriver.AppArmor, true, null, null, null, CheckStatus.Ok)]
    [InlineData(SecurityDriver.AppArmor, true, "small", null, null, CheckStatus.Problem)]
    [InlineData(SecurityDriver.AppArmor, true, "small", "# nothing\n/srv/other/images/*/*/warm/*/ram.img rw,\n", null, CheckStatus.Problem)]
    [InlineData(SecurityDriver.AppArmor, true, "small", "# ours\n  /var/lib/vm-executor/images/*/*/warm/*/ram.img rw,\n", null, CheckStatus.Ok)]
    [InlineData(SecurityDriver.SELinux, true, "small", null, "system_u:object_r:svirt_image_t:s0", CheckStatus.Ok)]
    [InlineData(SecurityDriver.SELinux, true, "small", null, "unconfined_u:object_r:var_lib_t:s0", CheckStatus.Problem)]
    [InlineData(SecurityDriver.SELinux, true, "small", null, null, CheckStatus.Ok)]
    public void The_module_that_confines_QEMU_must_let_it_open_templates(SecurityDriver driver, bool used, string? warm, string? additions, string? label, CheckStatus status)
    {
        var finding = LibvirtRules.DecideSecurity(driver, used, new AbsolutePath("/var/lib/vm-executor"), warm is null ? [] : [warm], additions, label);

        finding.Status.Should().Be(status);
        if (status == CheckStatus.Problem)
        {
            finding.Fix.Should().Contain(driver == SecurityDriver.AppArmor ? "/var/lib/vm-executor/images/*/*/warm/*/ram.img rw," : "semanage fcontext -a -t svirt_image_t '/var/lib/vm-executor/images(/.*)?'");
        }
    }
}
