using FluentAssertions;
using VmExecutor.Core.Benchmarks;
using Xunit;

namespace VmExecutor.Core.Tests.Benchmarks;

public sealed class SpreadTests
{
    [Fact]
    public void The_median_of_an_odd_number_is_the_one_in_the_middle() =>
        Spread.Of([9.0, 1.0, 2.0]).Should().Be(new Spread(2.0, 1.0, 9.0, 3));

    [Fact]
    public void The_median_of_an_even_number_lies_between_the_two_in_the_middle() =>
        Spread.Of([4.0, 1.0, 2.0, 9.0]).Should().Be(new Spread(3.0, 1.0, 9.0, 4));

    [Fact]
    public void Nothing_measured_has_no_spread() => Spread.Of(Array.Empty<double>()).Should().BeNull();

    [Fact]
    public void One_look_that_failed_makes_all_of_them_unknown()
    {
        Spread.Of([1.0, (double?)null, 3.0]).Should().BeNull();
        Spread.Of([1.0, (double?)3.0]).Should().Be(new Spread(2.0, 1.0, 3.0, 2));
    }
}
