using FluentAssertions;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Usage;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Usage;

public sealed class UsageReportTests
{
    private const long Mebibyte = 1 << 20;
    private static readonly DateTimeOffset Now = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);
    private static readonly UsageFilter All = new(DateTimeOffset.MinValue, null, null);

    [Fact]
    public void The_runs_of_a_job_are_added_up()
    {
        LedgerEntry[] ledger =
        [
            Entry() with { Start = "standby", GuestPeakBytes = 100 * Mebibyte, HostMemoryBytes = 300 * Mebibyte, CpuSeconds = 10, DiskBytes = 50 * Mebibyte },
            Entry() with { Start = "warm", GuestPeakBytes = 200 * Mebibyte, HostMemoryBytes = 250 * Mebibyte, CpuSeconds = 30, DiskBytes = 40 * Mebibyte, Prepare = Waited(12.5) },
            Entry() with { Result = "failed", Scripts = [new ScriptRecord("build_script", 1, 1, null)], Prepare = Waited(2), CpuSeconds = 5 },
            Entry() with { Result = "prepare_failed", Reason = "VMX1402", Ready = null, Start = "cold" },
            Entry() with { Result = "canceled", Egress = Refused(watches: false, 3, 4) },
            Entry() with { Result = "timedout", Egress = Refused(watches: true, 9) },
        ];

        UsageReport.Of(ledger, All).Jobs.Should().Equal(new UsageSummary(new UsageGroup("group/project", "build", "debian-12"))
        {
            Runs = 6,
            Failures = 3,
            Standby = 1,
            Warm = 1,
            Cold = 3,
            Waits = 2,
            WaitSeconds = 14.5,
            LongestWaitSeconds = 12.5,
            MemoryBytes = 1024 * Mebibyte,
            GuestPeakBytes = 200 * Mebibyte,
            HostMemoryBytes = 300 * Mebibyte,
            CpuSeconds = 45,
            MostCpuSeconds = 30,
            DiskBytes = 50 * Mebibyte,
            EgressRefused = 7,
        });
    }

    [Fact]
    public void Projects_names_and_images_are_told_apart_and_the_job_with_most_runs_comes_first()
    {
        LedgerEntry[] ledger =
        [
            Entry() with { Project = "b" }, Entry() with { Project = "b" }, Entry() with { JobName = "test" }, Entry() with { Image = "other" }, Entry() with { Project = null, JobName = null },
        ];

        UsageReport.Of(ledger, All).Jobs.Select(job => (job.Group, job.Runs)).Should().Equal(
            (new UsageGroup("b", "build", "debian-12"), 2),
            (new UsageGroup(null, null, "debian-12"), 1),
            (new UsageGroup("group/project", "build", "other"), 1),
            (new UsageGroup("group/project", "test", "debian-12"), 1));
    }

    [Theory]
    [InlineData(0, null, null, 3)]
    [InlineData(-2, null, null, 2)]
    [InlineData(0, "GROUP/*", null, 2)]
    [InlineData(0, "group/project", "debian-12", 1)]
    [InlineData(0, "other/**", null, 0)]
    public void Only_what_is_asked_for_counts(int sinceHours, string? project, string? image, int runs)
    {
        LedgerEntry[] ledger = [Entry(), Entry() with { Image = "other", Removed = Now.AddHours(-1) }, Entry() with { Project = null, Removed = Now.AddHours(-3) }];

        var filter = new UsageFilter(sinceHours == 0 ? DateTimeOffset.MinValue : Now.AddHours(sinceHours), project is null ? null : new ProjectGlob(project), image);

        UsageReport.Of(ledger, filter).Jobs.Sum(job => job.Runs).Should().Be(runs);
    }

    [Fact]
    public void Jobs_beyond_the_most_are_counted_together()
    {
        var report = UsageReport.Of(Enumerable.Range(0, 5).Select(number => Entry() with { JobName = $"job {number}", CpuSeconds = 2 }), All, most: 3);

        report.Jobs.Select(job => job.Group.JobName).Should().Equal("job 0", "job 1", "job 2");
        (report.Others!.Runs, report.Others.CpuSeconds).Should().Be((2, 4));
        UsageReport.Of([Entry()], All).Others.Should().BeNull();
    }

    [Theory]
    [InlineData(null, null, null, null)]
    [InlineData(200L, 900L, 1024L, 256L)]
    [InlineData(null, 500L, 1024L, 640L)]
    [InlineData(null, 1000L, 1024L, 1024L)]
    [InlineData(1000L, null, 1024L, 1280L)]
    public void The_memory_that_would_have_been_enough_is_the_guests_word_or_else_the_hosts_up_to_the_VMs(long? guest, long? host, long? memory, long? enough) =>
        new UsageSummary(new UsageGroup(null, null, null)) { GuestPeakBytes = guest * Mebibyte, HostMemoryBytes = host * Mebibyte, MemoryBytes = memory * Mebibyte }
            .EnoughMemoryBytes.Should().Be(enough * Mebibyte);

    [Theory]
    [InlineData(0L, 64L, 256L)]
    [InlineData(1L, 64L, 256L)]
    [InlineData(204L, 256L, 256L)]
    [InlineData(205L, 320L, 512L)]
    [InlineData(4096L, 5120L, 5120L)]
    public void Enough_is_a_quarter_more_in_whole_steps(long used, long memory, long disk) =>
        (EnoughSize.OfMemory(used * Mebibyte).Bytes, EnoughSize.OfDisk(used * Mebibyte).Bytes).Should().Be((memory * Mebibyte, disk * Mebibyte));

    [Fact]
    public void Numbers_that_no_machine_has_are_no_reason_to_fail()
    {
        var odd = Entry() with
        {
            CpuSeconds = -1,
            GuestPeakBytes = long.MaxValue,
            DiskBytes = -5,
            Prepare = Waited(-3),
            Egress = Refused(watches: false, long.MaxValue, long.MaxValue, -1),
        };

        var job = UsageReport.Of([odd, odd], All).Jobs.Single();

        (job.CpuSeconds, job.DiskBytes, job.WaitSeconds, job.EgressRefused).Should().Be((0, 0, 0, long.MaxValue));
        job.EnoughMemoryBytes.Should().BePositive();
    }

    [Theory]
    [InlineData(9, null)]
    [InlineData(10, 700L)]
    public void The_memory_that_jobs_took_is_known_after_some_runs(int runs, long? most)
    {
        var entries = Enumerable.Range(1, runs).Select(number => Entry() with { JobName = $"job {number % 3}", HostMemoryBytes = (number == 5 ? 700 : 100) * Mebibyte })
            .Append(Entry() with { JobName = "gone before it was measured" });

        TakenMemory.Of(UsageReport.Of(entries, All), 14).Should().Be(most is { } known ? new TakenMemory(known * Mebibyte, runs, 14) : null);
    }

    private static Dictionary<string, double> Waited(double seconds) => new() { ["capacity"] = seconds, ["boot"] = 1 };

    private static EgressNotes Refused(bool watches, params long[] counts) =>
        new() { Policy = "p", Watches = watches, Refused = new(counts.Select((count, number) => (number, count)).ToDictionary(one => $"host{one.number}.test", one => one.count), StringComparer.Ordinal) };

    private static LedgerEntry Entry() => new()
    {
        Job = "abc-1-ffffff",
        JobName = "build",
        Project = "group/project",
        Image = "debian-12",
        Result = "success",
        RemovedBy = "cleanup",
        Ready = Now.AddMinutes(-5),
        Removed = Now,
        CleanupSeconds = 1,
        RemovedParts = [],
        MemoryBytes = 1024 * Mebibyte,
    };
}
