using FluentAssertions;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Values;

public sealed class QuantilesTests
{
    [Theory]
    [InlineData(new[] { 7.0 }, 7.0, 7.0)]
    [InlineData(new[] { 1.0, 2.0, 9.0 }, 2.0, 9.0)]
    [InlineData(new[] { 1.0, 2.0, 4.0, 9.0 }, 3.0, 9.0)]
    public void The_median_is_in_the_middle_and_a_percentile_is_one_that_was_measured(double[] sorted, double median, double p95)
    {
        Quantiles.Median(sorted).Should().Be(median);
        Quantiles.Percentile(sorted, 95).Should().Be(p95);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(95, 19)]
    [InlineData(96, 20)]
    [InlineData(100, 20)]
    public void So_many_of_a_hundred_do_not_exceed_the_percentile(int percent, double expected) =>
        Quantiles.Percentile([.. Enumerable.Range(1, 20).Select(number => (double)number)], percent).Should().Be(expected);
}
