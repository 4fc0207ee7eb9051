using FluentAssertions;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Reporting;
using Xunit;

namespace VmExecutor.Core.Tests.Reporting;

/// <summary>The figures of a report, against a ledger with known contents.</summary>
public sealed class ReportTallyTests
{
    private const long Mebibyte = 1 << 20;
    private static readonly DateTimeOffset Until = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);
    private static readonly ReportTime Week = new(Until.AddDays(-7), Until);

    [Fact]
    public void Jobs_are_counted_by_day_and_end_and_those_of_other_times_are_left_out()
    {
        var data = ReportTally.Of(
            [
                Entry(Until.AddDays(-8)), Entry(Until.AddHours(1)),
                Entry(Until.AddDays(-1)), Entry(Until.AddDays(-1)), Entry(Until) with { Result = "failed", Scripts = [new ScriptRecord("build_script", 1, 7, null)] },
                Entry(Until) with { Result = "prepare_failed", Reason = "VMX1402" }, Entry(Until) with { Result = "prepare_failed", Reason = "VMX1010" },
                Entry(Until) with { Result = "canceled" }, Entry(Until) with { Result = "timedout" }, Entry(Until) with { Result = "leftover", Reason = "runner_gone" },
            ],
            Week);

        data.Jobs.Should().Be(8);
        data.Ends.Should().BeEquivalentTo(new Dictionary<JobEnd, int>
        {
            [JobEnd.Succeeded] = 2,
            [JobEnd.JobFailed] = 2,
            [JobEnd.HostFailed] = 1,
            [JobEnd.Canceled] = 2,
            [JobEnd.Unclear] = 1,
        });
        data.Spans[^2].Should().BeEquivalentTo(new Dictionary<JobEnd, int> { [JobEnd.Succeeded] = 2 });
        data.Share(JobEnd.Succeeded).Should().Be(0.25);
        data.Failures.Select(failure => (failure.Reason, failure.Count)).Should().BeEquivalentTo(
            [("VMX1010", 1), ("VMX1402", 1), ("canceled", 1), ("runner_gone", 1), ("script", 1), ("timeout", 1)]);
    }

    [Fact]
    public void Starts_are_the_seconds_of_prepare_without_the_wait_which_is_counted_apart()
    {
        var data = ReportTally.Of(
            [
                .. Enumerable.Range(1, 100).Select(number => Entry(Until) with { Start = "warm", Prepare = new Dictionary<string, double> { ["load"] = number, ["capacity"] = 1000 + number } }),
                Entry(Until) with { Start = "standby", Prepare = new Dictionary<string, double> { ["standby"] = 0.25 } },
                Entry(Until) with { Start = "cold", Ready = null },
            ],
            Week);

        data.Starts.Should().Equal(("standby", new Distribution(1, 0.25, 0.25, 0.25)), ("warm", new Distribution(100, 50.5, 95, 100)));
        data.Waits.Should().Be(new Distribution(100, 1050.5, 1095, 1100));
        data.LongestWaits[^1].Should().Be(1100);
        data.LongestWaits.SkipLast(1).Should().OnlyContain(wait => wait == 0);
    }

    [Fact]
    public void Memory_is_added_up_over_the_jobs_and_services_that_were_there_at_once()
    {
        var data = ReportTally.Of(
            [
                Vm(minutesAgo: 600, 590, 1024, 300), Vm(590, 580, 1024, 500), Vm(595, 585, 512, 100) with { Services = [new LedgerService("vmx-s") { MemoryBytes = 256 * Mebibyte, HostMemoryBytes = 50 * Mebibyte }] },
                Vm(100, 90, 64, 0) with { MemoryBytes = null },
                Vm(20_000, 10, 128, 128) with { HostMemoryBytes = null, PeakMemoryBytes = 77 * Mebibyte },
            ],
            Week);

        data.Memory.Vms.Should().Be(5);
        data.Memory.MostReserved.Should().Be((1024 + 512 + 256 + 128) * Mebibyte, "one VM of 1024 follows the other");
        data.Memory.MostUsed.Should().Be((500 + 100 + 50 + 77) * Mebibyte);
        data.Memory.Steps.Should().HaveCount(MemoryHistory.StepCount);
        data.Memory.Steps[0].Should().Be(new MemoryStep(128 * Mebibyte, 77 * Mebibyte), "it was there before the week began");
    }

    [Fact]
    public void Projects_come_with_the_most_jobs_first_and_the_rest_is_counted()
    {
        var data = ReportTally.Of(
            [
                .. Enumerable.Range(0, 15).SelectMany(number => Enumerable.Repeat(Entry(Until) with { Project = $"p{number:00}" }, 15 - number)),
                Entry(Until) with { Project = "p00", Created = Until.AddMinutes(-10), Result = "failed", CpuSeconds = 5, GuestPeakBytes = 9, Services = [new LedgerService("s") { CpuSeconds = 2 }] },
            ],
            Week);

        data.Projects.Should().HaveCount(12);
        data.OtherProjects.Should().Be(3);
        data.Projects[0].Should().Be(new ProjectFigures("p00", 16, 0, 600, 7, 9), "a failure of which the runner says nothing is unclear");
    }

    [Fact]
    public void A_line_with_impossible_numbers_makes_no_figure_impossible()
    {
        var data = ReportTally.Of(
            [
                Entry(Until) with
                {
                    Created = Until.AddYears(30), CpuSeconds = double.NaN, MemoryBytes = long.MaxValue, HostMemoryBytes = long.MinValue,
                    Prepare = new Dictionary<string, double> { ["boot"] = double.PositiveInfinity, ["capacity"] = double.NegativeInfinity },
                },
                Vm(10, 5, 1, 1) with { HostMemoryBytes = long.MaxValue },
            ],
            Week);

        data.Starts.Should().OnlyContain(start => double.IsFinite(start.Seconds.Max));
        data.Memory.Steps.Should().OnlyContain(step => step.Reserved >= 0 && step.Used >= 0);
        ReportPage.Write(data, ReportPageTests.Host, GuideSections.None).Should().NotContain("NaN").And.NotContain("∞");
    }

    internal static LedgerEntry Entry(DateTimeOffset removed) => new()
    {
        Job = "abc-1-ffffff",
        Image = "debian",
        Project = "group/project",
        Start = "cold",
        Result = "success",
        RemovedBy = "cleanup",
        Created = removed,
        Ready = removed,
        Removed = removed,
        CleanupSeconds = 1,
        RemovedParts = [],
    };

    private static LedgerEntry Vm(int minutesAgo, int until, long reserved, long used) => Entry(Until.AddMinutes(-until)) with
    {
        Created = Until.AddMinutes(-minutesAgo),
        MemoryBytes = reserved * Mebibyte,
        HostMemoryBytes = used * Mebibyte,
    };
}
