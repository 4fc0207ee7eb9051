using FluentAssertions;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Observing;
using VmExecutor.Core.ProjectDisks;
using Xunit;

namespace VmExecutor.Core.Tests.Observing;

public sealed class MetricTotalsTests
{
    private static readonly DateTimeOffset Time = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly LedgerEntry Cold = new()
    {
        Job = "abc-1-ffffff",
        Image = "debian",
        Start = "cold",
        Result = "success",
        RemovedBy = "cleanup",
        Ready = Time,
        Removed = Time,
        Prepare = new Dictionary<string, double> { ["source"] = 0.5, ["capacity"] = 40, ["boot"] = 3 },
        CleanupSeconds = 0.2,
        CpuSeconds = 7.25,
        RemovedParts = [],
    };

    [Fact]
    public void A_start_is_counted_in_its_buckets_without_the_wait_for_capacity()
    {
        var totals = MetricTotals.Empty();

        totals.Count(Cold);
        totals.Count(Cold with { Start = "warm", Prepare = new Dictionary<string, double> { ["load"] = 0.2, ["ssh"] = 0.1 } });

        totals.Totals["vm_executor_start_seconds_bucket{start=\"cold\",le=\"2\"}"].Should().Be(0);
        totals.Totals["vm_executor_start_seconds_bucket{start=\"cold\",le=\"5\"}"].Should().Be(1);
        totals.Totals["vm_executor_start_seconds_bucket{start=\"cold\",le=\"+Inf\"}"].Should().Be(1);
        totals.Totals["vm_executor_start_seconds_sum{start=\"cold\"}"].Should().Be(3.5);
        totals.Totals["vm_executor_start_seconds_count{start=\"warm\"}"].Should().Be(1);
        totals.Totals["vm_executor_start_seconds_bucket{start=\"warm\",le=\"0.25\"}"].Should().Be(0);
        totals.Totals["vm_executor_start_seconds_bucket{start=\"warm\",le=\"0.5\"}"].Should().Be(1);
        totals.Totals["vm_executor_capacity_waits_total"].Should().Be(1);
        totals.Totals["vm_executor_capacity_wait_seconds_total"].Should().Be(40);
        totals.Totals["vm_executor_cpu_seconds_total"].Should().Be(14.5);
    }

    [Fact]
    public void Services_that_were_VMs_are_counted_with_their_job()
    {
        var totals = MetricTotals.Empty();

        totals.Count(Cold with { Services = [new("vmx-a") { Image = "db", CpuSeconds = 2.5, Egress = new() { Policy = "db", Refused = new() { ["evil.test"] = 3 } } }] });

        totals.Totals["vm_executor_cpu_seconds_total"].Should().Be(9.75);
        totals.Totals["vm_executor_egress_refused_total{image=\"db\",mode=\"enforce\"}"].Should().Be(1);
    }

    [Fact]
    public void Projects_disks_are_counted_by_what_was_found_and_what_became_of_the_changes()
    {
        var totals = MetricTotals.Empty();

        totals.Count(Cold with { ProjectDisk = new ProjectDiskNote("42", 0, 1, null, 7) });
        totals.Count(Cold with { ProjectDisk = new ProjectDiskNote("42", 1, null, "unprotected", null) });

        totals.Totals["vm_executor_project_disk_jobs_total{found=\"empty\",left=\"promoted\",image=\"debian\"}"].Should().Be(1);
        totals.Totals["vm_executor_project_disk_jobs_total{found=\"version\",left=\"unprotected\",image=\"debian\"}"].Should().Be(1);
    }

    [Fact]
    public void Falling_back_and_collecting_have_their_reasons()
    {
        var totals = MetricTotals.Empty();

        totals.Count(Cold with { ColdReason = "qemu_changed" });
        totals.Count(Cold with { Start = "standby", StandbySeconds = 60 });
        totals.Count(Cold with { Result = "leftover", RemovedBy = "gc", Reason = "runner_gone", Ready = null });

        totals.Totals["vm_executor_cold_fallbacks_total{reason=\"qemu_changed\",image=\"debian\"}"].Should().Be(1);
        totals.Totals["vm_executor_start_seconds_count{start=\"standby\"}"].Should().Be(1);
        totals.Totals["vm_executor_gc_removed_total{reason=\"runner_gone\"}"].Should().Be(1);
        totals.Totals["vm_executor_jobs_total{result=\"leftover\",class=\"abandoned\",image=\"debian\"}"].Should().Be(1);
    }

    [Theory]
    [InlineData("success", null, null, null, "none")]
    [InlineData("failed", null, 1, null, "script")]
    [InlineData("failed", null, null, "VMX1406", "guest")]
    [InlineData("failed", "VMX1015", 1, null, "job")]
    [InlineData("failed", "VMX1512", null, null, "host")]
    [InlineData("prepare_failed", "VMX1004", null, null, "runner")]
    [InlineData("prepare_failed", "VMX1101", null, null, "configuration")]
    [InlineData("prepare_failed", "VMX1202", null, null, "image")]
    [InlineData("prepare_failed", "VMX1303", null, null, "hypervisor")]
    [InlineData("prepare_failed", "cancelled", null, null, "canceled")]
    [InlineData("prepare_failed", "bug", null, null, "driver")]
    [InlineData("prepare_failed", "VMXabc", null, null, "unknown")]
    [InlineData("canceled", null, 1, null, "canceled")]
    [InlineData("timedout", null, null, "cancelled", "timeout")]
    [InlineData("unknown", null, 0, null, "unknown")]
    public void The_class_of_a_failure_says_who_must_look(string result, string? reason, int? exitCode, string? failure, string expected) =>
        FailureClass.Of(Cold with { Result = result, Reason = reason, Scripts = [new ScriptRecord("build_script", 1, exitCode, failure)] }).Should().Be(expected);

    [Fact]
    public void They_read_back_as_they_were_and_go_on_counting()
    {
        var totals = MetricTotals.Empty() with { File = "abc", Offset = 77 };
        totals.Count(Cold);

        var read = MetricTotals.TryParse(totals.ToJson())!;

        read.Should().BeEquivalentTo(totals);
        read.Count(Cold);
        read.Totals["vm_executor_jobs_total{result=\"success\",class=\"none\",image=\"debian\"}"].Should().Be(2);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"version": 0, "totals": {}}""")]
    [InlineData("""{"version": 1, "offset": -1, "totals": {}}""")]
    [InlineData("""{"version": 1, "totals": null}""")]
    public void A_damaged_record_or_one_of_another_version_is_not_continued(string json) => MetricTotals.TryParse(json).Should().BeNull();

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-5)]
    public void Nothing_makes_a_counter_go_down(double seconds)
    {
        var totals = MetricTotals.Empty();
        totals.Count(Cold);
        var before = new Dictionary<string, double>(totals.Totals);

        totals.Count(Cold with { CpuSeconds = seconds, Prepare = new Dictionary<string, double> { ["capacity"] = seconds, ["boot"] = seconds } });

        before.Should().OnlyContain(pair => totals.Totals[pair.Key] >= pair.Value);
    }
}
