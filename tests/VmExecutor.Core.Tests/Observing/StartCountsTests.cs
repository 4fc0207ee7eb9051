using FluentAssertions;
using VmExecutor.Core.Observing;
using Xunit;

namespace VmExecutor.Core.Tests.Observing;

public sealed class StartCountsTests
{
    [Fact]
    public void Starts_are_counted_by_image_and_reason_the_most_frequent_first()
    {
        var counts = StartCounts.ByImage(
        [
            Entry("a", "warm", day: 3), Entry("a", "warm", day: 2), Entry("b", "cold", day: 1),
            Entry("a", "cold", "timed_out"), Entry("a", "cold", "no_template"), Entry("a", "cold", "no_template"),
        ]);

        counts.Keys.Should().BeEquivalentTo("a", "b");
        counts["a"].Should().BeEquivalentTo(new StartCounts(2, 3, [("no_template", 2), ("timed_out", 1)], DateTimeOffset.UnixEpoch.AddDays(2)));
        counts["a"].ToString().Should().Be("warm 2, cold 3: 2 no_template, 1 timed_out");
        counts["b"].ToString().Should().Be("warm 0, cold 1: 1 with warm off");
    }

    [Fact]
    public void A_job_whose_guest_was_never_ready_has_no_start() =>
        StartCounts.ByImage([Entry("a", "cold", "failed") with { Ready = null }, Entry("a", "warm") with { Image = null }]).Should().BeEmpty();

    [Fact]
    public void An_image_that_always_started_warm_has_no_reasons() =>
        StartCounts.ByImage([Entry("a", "warm")])["a"].ToString().Should().Be("warm 1, cold 0");

    private static LedgerEntry Entry(string image, string start, string? reason = null, int day = 9) => new()
    {
        Job = "abc-1-ffffff",
        Image = image,
        Start = start,
        ColdReason = reason,
        Result = "success",
        RemovedBy = "cleanup",
        Ready = DateTimeOffset.UnixEpoch.AddDays(day),
        Removed = DateTimeOffset.UnixEpoch.AddDays(day + 1),
        CleanupSeconds = 1,
        RemovedParts = [],
    };
}
