using System.Globalization;
using FluentAssertions;
using VmExecutor.Core.Reporting;
using Xunit;

namespace VmExecutor.Core.Tests.Reporting;

public sealed class ReportTimeTests
{
    private static readonly DateTimeOffset Until = new(2026, 11, 28, 15, 20, 0, TimeSpan.FromHours(1));

    [Theory]
    [InlineData(0.01, "hour", 1, "2026-11-28 15:00")]
    [InlineData(1, "hour", 25, "2026-11-27 15:00")]
    [InlineData(1.6, "day", 2, "2026-11-27 00:00")]
    [InlineData(7, "day", 8, "2026-11-21 00:00")]
    [InlineData(45, "day", 46, "2026-10-14 00:00")]
    [InlineData(46, "week", 7, "2026-10-11 00:00")]
    [InlineData(365, "30 days", 13, "2025-11-04 00:00")]
    [InlineData(9999, "365 days", 28, "1998-12-06 00:00")]
    public void The_time_is_divided_into_spans_that_hold_all_of_it(double days, string word, int count, string first)
    {
        var time = new ReportTime(Until.AddDays(-days), Until);

        (time.Word, time.Spans.Count, time.Spans[0].ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)).Should().Be((word, count, first));
        time.IndexOf(time.Since).Should().BeInRange(0, count > 1 ? 1 : 0);
        time.IndexOf(time.Until).Should().Be(count - 1);
        Enumerable.Range(0, count).Where(number => time.IndexOf(time.Spans[number]) != number).Should().BeEmpty();
        Enumerable.Range(1, count - 1).Where(number => time.IndexOf(time.Spans[number].AddTicks(-1)) != number - 1).Should().BeEmpty();
    }

    [Fact]
    public void A_time_without_length_has_one_span() => new ReportTime(Until, Until).Spans.Should().HaveCount(1);
}
