using FluentAssertions;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Health;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Health;

public sealed class HostRulesTests
{
    private const long Gibibyte = 1L << 30;

    private static readonly DateTimeOffset Now = new(2026, 5, 4, 3, 2, 1, TimeSpan.Zero);

    [Theory]
    [InlineData(true, 0, CheckStatus.Ok)]
    [InlineData(false, 0, CheckStatus.Warning)]
    [InlineData(null, 0, CheckStatus.Skipped)]
    [InlineData(true, 30, CheckStatus.Problem)]
    public void A_clock_must_be_kept_and_be_later_than_the_driver(bool? synchronised, int driverDaysLater, CheckStatus status) =>
        HostRules.DecideClock(synchronised, Now, Now.AddDays(driverDaysLater)).Status.Should().Be(status);

    [Fact]
    public void Timers_are_read_as_systemctl_shows_them()
    {
        var units = HostRules.ParseUnits("Id=vm-executor-gc.timer\nActiveState=active\nLoadState=loaded\nUnitFileState=enabled\n\nLoadState=not-found\nId=vm-executor-warm.timer\nActiveState=inactive\nUnitFileState=\n");

        units.Should().Equal(new UnitState("vm-executor-gc.timer", "loaded", "enabled", "active"), new UnitState("vm-executor-warm.timer", "not-found", "", "inactive"));
    }

    [Fact]
    public void Timers_that_are_on_are_fine_and_those_that_are_not_needed_may_be_missing() =>
        HostRules.DecideTimers([On(HostRules.GcTimer), On(HostRules.GcAtBoot)], hasImages: false, hasWarm: false).Should().ContainSingle().Which.Status.Should().Be(CheckStatus.Ok);

    [Fact]
    public void Missing_timers_are_named_together_with_the_commands_that_install_them()
    {
        var finding = HostRules.DecideTimers([On(HostRules.GcAtBoot), On(HostRules.PublishTimer)], hasImages: true, hasWarm: true).Should().ContainSingle().Which;

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
        var finding = HostRules.DecideTimers([On(HostRules.GcTimer) with { Enabled = enabled, Active = active }, On(HostRules.GcAtBoot)], false, false).Should().ContainSingle().Which;

        finding.Found.Should().Contain(found);
        finding.Fix.Should().Be(fix);
    }

    [Fact]
    public void Images_that_fit_are_fine() => DecideMemory(8, 7, null, Image(2)).Should().ContainSingle().Which.Status.Should().Be(CheckStatus.Ok);

    [Fact]
    public void An_image_larger_than_the_host_can_never_start()
    {
        var finding = DecideMemory(8, 7, null, Image(8)).Should().ContainSingle().Which;

        finding.Status.Should().Be(CheckStatus.Problem);
        finding.Found.Should().Contain("image 'big' takes 8GiB").And.Contain("7.5GiB").And.Contain("VMX1511");
        finding.Fix.Should().Be("memory: 7.5GiB   # in /images/big.yaml; no more than this");
    }

    [Fact]
    public void The_size_that_a_job_may_choose_must_fit_too() => DecideMemory(8, 7, null, Image(2, most: 16)).Should().ContainSingle()
        .Which.Should().Match<Finding>(finding => finding.Status == CheckStatus.Warning && finding.Found.Contains("may choose 16GiB"));

    [Fact]
    public void More_VMs_than_memory_for_them_are_told()
    {
        var finding = DecideMemory(8, 7, 4, Image(2)).Should().ContainSingle().Which;

        finding.Status.Should().Be(CheckStatus.Warning);
        finding.Found.Should().Contain("limits.max_vms is 4").And.Contain("only 3 VMs");
        finding.Fix.Should().Contain("max_vms: 3");
    }

    [Theory]
    [InlineData(3, null, false)]
    [InlineData(4, null, true)]
    [InlineData(3, 2, true)]
    [InlineData(3, 3, false)]
    public void Standby_clones_that_can_never_all_be_there_are_told(int count, int? most, bool isTold) =>
        DecideMemory(8, 7, most, Image(2) with { StandbyCount = count, StandbyBytes = (count * 2L) << 30 }).Any(finding => finding.Found.Contains("'standby'", StringComparison.Ordinal)).Should().Be(isTold);

    [Fact]
    public void A_host_that_is_short_of_memory_now_is_told() => DecideMemory(8, 2, null, Image(2)).Should().ContainSingle()
        .Which.Should().Match<Finding>(finding => finding.Status == CheckStatus.Warning && finding.Found.Contains("1.5GiB are free now"));

    [Fact]
    public void Images_of_unknown_size_and_no_images_are_fine()
    {
        DecideMemory(8, 7, 100, new ImageMemory(new ImageName("odd"), null, null, new AbsolutePath("/images/odd.yaml"))).Should().ContainSingle().Which.Status.Should().Be(CheckStatus.Ok);
        DecideMemory(8, 7, 100).Should().ContainSingle().Which.Status.Should().Be(CheckStatus.Ok);
    }

    private static UnitState On(string name) => new(name, "loaded", "enabled", "active");

    private static IReadOnlyList<Finding> DecideMemory(long total, long available, int? most, params ImageMemory[] images) => HostRules.DecideMemory(
        new HostResources(total * Gibibyte, available * Gibibyte, null, null), new LimitSettings { MaxVms = most }, images, new AbsolutePath("/vm-executor.yaml"));

    private static ImageMemory Image(long gibibytes, long? most = null) =>
        new(new ImageName("big"), gibibytes * Gibibyte, most * Gibibyte, new AbsolutePath("/images/big.yaml"));
}
