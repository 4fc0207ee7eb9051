using FluentAssertions;
using VmExecutor.Core.Health;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Standby;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Standby;

public sealed class StandbyReportTests
{
    private static readonly ImageName Image = new("base");
    private static readonly DateTimeOffset Now = TestPlan.Now;

    [Fact]
    public void A_report_is_read_as_it_was_written_and_a_damaged_one_is_none()
    {
        var report = new StandbyReport(Now, [new StandbyLine("base", 0, "1 CPU", 2, 1, "no room", 3.5) { Failures = Failures(4) }, new StandbyLine("base", 1, null, 1, 1)])
        {
            Totals = new SortedDictionary<string, double>(StringComparer.Ordinal) { ["a_total"] = 3, ["B_total"] = 2.5 },
        };

        var read = StandbyReport.TryParse(report.ToJson())!;

        read.Should().BeEquivalentTo(report);
        read.Totals.Comparer.Should().BeSameAs(StringComparer.Ordinal);
        report.IsFull.Should().BeFalse();
        report.LineOf(Need(1))!.There.Should().Be(1);
        StandbyReport.TryParse(report.ToJson()[..20]).Should().BeNull();
    }

    [Fact]
    public void A_report_of_a_driver_that_counted_nothing_is_read()
    {
        var read = StandbyReport.TryParse("""{"read": "2026-01-02T03:04:05+00:00", "lines": [{"image": "base", "number": 0, "size": "1 CPU", "wanted": 2, "there": 1, "why": "no room", "seconds": 3.5}]}""")!;

        read.Totals.Should().BeEmpty();
        read.LineOf(Need(0))!.Failures.Should().BeNull();
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(3, 5)]
    [InlineData(4, 10)]
    [InlineData(5, 20)]
    [InlineData(8, 160)]
    [InlineData(9, 240)]
    [InlineData(1000, 240)]
    public void The_pause_grows_with_each_failure_up_to_some_hours(int count, int minutes) => Failures(count).Pause.Should().Be(TimeSpan.FromMinutes(minutes));

    [Fact]
    public void Only_the_same_attempt_pauses_and_only_until_its_time_is_over()
    {
        var failures = Failures(3);

        failures.PausesAt(Now, "ab").Should().BeTrue();
        failures.PausesAt(Now + failures.Pause - TimeSpan.FromSeconds(1), "ab").Should().BeTrue();
        failures.PausesAt(Now + failures.Pause, "ab").Should().BeFalse();
        failures.PausesAt(Now, "cd").Should().BeFalse("something else is tried");
        failures.PausesAt(Now - TimeSpan.FromDays(1), "ab").Should().BeFalse("the clock was set back by an unknown time");
        Failures(2).PausesAt(Now, "ab").Should().BeFalse();
    }

    [Fact]
    public void Failures_count_as_long_as_the_same_is_tried()
    {
        var third = StandbyFailures.After(StandbyFailures.After(StandbyFailures.After(null, "ab", Now, "one"), "ab", Now, "two"), "ab", Now.AddMinutes(1), "three");

        third.Should().Be(new StandbyFailures(3, Now.AddMinutes(1), "ab", "three"));
        StandbyFailures.After(third, "cd", Now, "other").Count.Should().Be(1);
        third.Text(Image, Now.AddMinutes(2)).Should().Be("3 in a row could not be made, so fills leave it out for 4m more ('standby fill --image base' tries at once): three");
    }

    [Theory]
    [InlineData(0, CheckStatus.Ok, "image 'base': 1 of 2 clones of 1 CPU waited for jobs at the end of the last fill", null)]
    [InlineData(1, CheckStatus.Warning, "image 'base': the last clone that was to wait for jobs could not be made: why", "vm-executor standby fill --image base")]
    [InlineData(3, CheckStatus.Warning, "image 'base': 3 in a row could not be made, so fills leave it out for 5m more", "vm-executor standby fill --image base   # once that is mended")]
    public void Doctor_tells_of_an_image_whose_clones_cannot_be_made(int failures, CheckStatus status, string found, string? fix)
    {
        var finding = ImageRules.DecideStandby(Need(0, 2), new StandbyLine("base", 0, "1 CPU", 2, 1) { Failures = failures == 0 ? null : Failures(failures) }, Now);

        (finding.Status, finding.Fix).Should().Be((status, fix));
        finding.Found.Should().StartWith(found);
    }

    [Fact]
    public void Doctor_tells_when_a_pause_is_over_and_when_no_fill_ever_came()
    {
        ImageRules.DecideStandby(Need(0), new StandbyLine("base", 0, "1 CPU", 2, 1) { Failures = Failures(3) }, Now.AddHours(1)).Found
            .Should().Be("image 'base': 3 in a row of the clones that are to wait for jobs could not be made: why");
        ImageRules.DecideStandby(Need(0), null, Now).Should().Be(
            Checks.Standby.Warning("image 'base' wants 1 clone to wait for jobs, and no fill has made them yet", "vm-executor standby fill --image base"));
    }

    private static StandbyFailures Failures(int count) => new(count, Now, "ab", "why");

    private static StandbyNeed Need(int number, int count = 1) => new(TestPlan.Image(), number, new RequestedSizes(), count);
}
