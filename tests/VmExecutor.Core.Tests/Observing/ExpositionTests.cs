using FluentAssertions;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Observing;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Standby;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Observing;

public sealed class ExpositionTests
{
    internal static readonly DateTimeOffset Time = new(2026, 1, 2, 3, 4, 5, 250, TimeSpan.Zero);

    internal static readonly HostFacts Facts = new()
    {
        Now = Time,
        Driver = "0.1.0",
        Vms = new VmFacts(1, 2, 3, 4, 1 << 20) { DeclaredBytes = 300, ReservedBytes = 200, TakenBytes = 100 },
        OverlayBytes = 1 << 20,
        Images =
        [
            new ImageFacts("debian", 2, 1000, Time, 1, 2000, Time.AddDays(-1)) { Current = 3, Digest = "sha256:ab", Failure = new PublishFailure(Time, "VMX1216", "sha256:cd") },
            new ImageFacts("never\"current\\", 1, 10, null, 0, 0, null),
            new ImageFacts("local", 1, 10, Time, 0, 0, null) { Current = 1, Failure = new PublishFailure(Time, "VMX1201", null) },
        ],
        Standby = [new StandbyFacts("debian", 3, 2, IsPaused: true)],
        ProjectDisks = [new ProjectDiskFacts("debian", 3, 5 << 20, Time.AddDays(-2))],
        StandbyTotals = StandbyTotals(),
        Host = new HostResources(8L << 30, 4L << 30, 100L << 30, 50L << 30),
        Limits = new LimitSettings { MaxVms = 8, Reserve = ReserveMode.Learned },
    };

    [Fact]
    public void Every_metric_is_there_once_with_its_type_and_a_line_of_help()
    {
        var lines = Text().Split('\n');

        lines.Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Should().Equal(MetricName.All.Select(metric => $"# TYPE {metric.Name} {metric.Type}"));
        lines.Where(line => line.StartsWith("# HELP ", StringComparison.Ordinal)).Should().HaveCount(MetricName.All.Count);
        lines[^1].Should().BeEmpty("a file of lines ends with one");
    }

    [Fact]
    public void Numbers_and_labels_are_written_as_the_format_wants()
    {
        var text = Text();

        text.Should().Contain("\nvm_executor_vms{state=\"running\"} 2\n").And.Contain("\nvm_executor_metrics_timestamp_seconds 1767323045.25\n")
            .And.Contain("\nvm_executor_memory_free_for_vms_bytes 3757047808\n").And.Contain("\nvm_executor_vms_limit 8\n")
            .And.Contain("\nvm_executor_memory_declared_bytes 300\n").And.Contain("\nvm_executor_memory_reserved_bytes 200\n").And.Contain("\nvm_executor_memory_taken_bytes 100\n")
            .And.Contain("\nvm_executor_memory_watermark_bytes 268435456\n")
            .And.Contain("\nvm_executor_standby_wanted{image=\"debian\"} 3\n").And.Contain("\nvm_executor_standby_fill_seconds_sum{image=\"debian\"} 4.5\n")
            .And.Contain("\nvm_executor_standby_fill_seconds_bucket{image=\"debian\",le=\"2\"} 0\nvm_executor_standby_fill_seconds_bucket{image=\"debian\",le=\"5\"} 1\n")
            .And.Contain("\nvm_executor_standby_fill_failures_total{image=\"debian\"} 1\n").And.Contain("\nvm_executor_standby_paused{image=\"debian\"} 1\n")
            .And.Contain("\nvm_executor_standby_misses_total{reason=\"too_old\",image=")
            .And.Contain("\nvm_executor_image_info{image=\"debian\",generation=\"3\",digest=\"sha256:ab\"} 1\n").And.Contain("\nvm_executor_image_info{image=\"local\",generation=\"1\",digest=\"\"} 1\n")
            .And.Contain("\nvm_executor_image_publish_failed{image=\"debian\",code=\"VMX1216\",digest=\"sha256:cd\"} 1\n")
            .And.Contain("\nvm_executor_image_publish_failed{image=\"local\",code=\"VMX1201\",digest=\"\"} 1\n")
            .And.Contain("\nvm_executor_image_bytes{image=\"never\\\"current\\\\\"} 10\n");
        Exposition.Write(MetricTotals.Empty(), Facts with { Limits = new LimitSettings() }).Should().NotContain("memory_watermark", "no job is stopped for its memory there");
        text.Should().NotContain("published_timestamp_seconds{image=\"never", "it was never published").And.NotContain("image_info{image=\"never");
    }

    [Fact]
    public void Buckets_come_in_the_order_of_their_limits()
    {
        var limits = Text().Split('\n').Where(line => line.StartsWith("vm_executor_start_seconds_bucket{start=\"warm\"", StringComparison.Ordinal))
            .Select(line => line.Split("le=\"")[1].Split('"')[0]).ToList();

        limits[^1].Should().Be("+Inf");
        limits.SkipLast(1).Select(double.Parse).Should().BeInAscendingOrder();
    }

    [Fact]
    public void Without_libvirt_there_are_no_numbers_of_VMs()
    {
        var text = Exposition.Write(MetricTotals.Empty(), Facts with { Vms = null });

        text.Should().Contain("vm_executor_libvirt_up 0\n").And.NotContain("vm_executor_vms{").And.NotContain("vm_executor_leftovers");
    }

    private static SortedDictionary<string, double> StandbyTotals()
    {
        var totals = new SortedDictionary<string, double>(StringComparer.Ordinal);
        var need = new StandbyNeed(TestPlan.Image() with { Name = new ImageName("debian") }, 0, new RequestedSizes(), 1);
        need.CountMade(totals, null);
        need.CountMade(totals, 4.5);
        need.CountFailed(totals);
        return totals;
    }

    internal static string Text()
    {
        var totals = MetricTotals.Empty();
        var entry = new LedgerEntry
        {
            Job = "a",
            Image = "debian",
            Result = "failed",
            ColdReason = "no_template",
            StandbyMiss = "too_old",
            RemovedBy = "gc",
            Reason = "runner_gone",
            Ready = Time,
            Removed = Time,
            CleanupSeconds = 1,
            RemovedParts = [],
            Egress = new EgressNotes { Policy = "debian" },
            ProjectDisk = new ProjectDiskNote("42", 3, 4, null, 7),
        };
        totals.Count(entry);
        return Exposition.Write(totals, Facts);
    }
}
