using FluentAssertions;
using VmExecutor.Core.Health;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Health;

public sealed class HostRulesTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 4, 3, 2, 1, TimeSpan.Zero);

    [Theory]
    [InlineData(true, 0, CheckStatus.Ok)]
    [InlineData(false, 0, CheckStatus.Warning)]
    [InlineData(null, 0, CheckStatus.Skipped)]
    [InlineData(true, 30, CheckStatus.Problem)]
    public void A_clock_must_be_kept_and_be_later_than_the_driver(bool? synchronised, int driverDaysLater, CheckStatus status) =>
        ClockRules.Decide(synchronised, Now, Now.AddDays(driverDaysLater)).Status.Should().Be(status);

    [Fact]
    public void Timers_are_read_as_systemctl_shows_them()
    {
        var units = TimerRules.Parse("Id=vm-executor-gc.timer\nActiveState=active\nLoadState=loaded\nUnitFileState=enabled\n\nLoadState=not-found\nId=vm-executor-warm.timer\nActiveState=inactive\nUnitFileState=\n");

        units.Should().Equal(new UnitState("vm-executor-gc.timer", "loaded", "enabled", "active"), new UnitState("vm-executor-warm.timer", "not-found", "", "inactive"));
    }

    [Fact]
    public void Timers_that_are_on_are_fine_and_those_that_are_not_needed_may_be_missing() =>
        TimerRules.Decide([On(TimerRules.Collect), On(TimerRules.CollectAtBoot)], hasImages: false, hasWarm: false).Should().ContainSingle().Which.Status.Should().Be(CheckStatus.Ok);

    [Fact]
    public void Missing_timers_are_named_together_with_the_commands_that_install_them()
    {
        var finding = TimerRules.Decide([On(TimerRules.CollectAtBoot), On(TimerRules.Publish)], hasImages: true, hasWarm: true).Should().ContainSingle().Which;

        finding.Status.Should().Be(CheckStatus.Warning);
        finding.Found.Should().Contain("not installed: vm-executor-gc.timer, vm-executor-warm.timer");
        finding.Fix.Should().Be("cp executor/systemd/* /etc/systemd/system/ && systemctl daemon-reload && systemctl enable --now vm-executor-gc.timer && systemctl enable --now vm-executor-warm.timer");
    }

    [Theory]
    [InlineData("disabled", "inactive", "is not enabled", "systemctl enable --now vm-executor-gc.timer")]
    [InlineData("enabled", "inactive", "is inactive", "systemctl restart vm-executor-gc.timer")]
    [InlineData("enabled", "failed", "is failed", "systemctl restart vm-executor-gc.timer")]
    public void A_timer_that_is_off_is_told(string enabled, string active, string found, string fix)
    {
        var finding = TimerRules.Decide([On(TimerRules.Collect) with { Enabled = enabled, Active = active }, On(TimerRules.CollectAtBoot)], false, false).Should().ContainSingle().Which;

        finding.Found.Should().Contain(found);
        finding.Fix.Should().Be(fix);
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
        var finding = SecurityRules.Decide(driver, used, new AbsolutePath("/var/lib/vm-executor"), warm is null ? [] : [warm], additions, label);

        finding.Status.Should().Be(status);
        if (status == CheckStatus.Problem)
        {
            finding.Fix.Should().Contain(driver == SecurityDriver.AppArmor ? "/var/lib/vm-executor/images/*/*/warm/*/ram.img rw," : "semanage fcontext -a -t svirt_image_t '/var/lib/vm-executor/images(/.*)?'");
        }
    }

    private static UnitState On(string name) => new(name, "loaded", "enabled", "active");
}
