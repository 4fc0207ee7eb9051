using FluentAssertions;
using VmExecutor.Core.Benchmarks;
using Xunit;

namespace VmExecutor.Core.Tests.Benchmarks;

public sealed class BudgetTests
{
    [Theory]
    [InlineData("warm=2s", "warm", 2.0)]
    [InlineData("cold=1m30s", "cold", 90.0)]
    [InlineData("warm=1500ms", "warm", 1.5)]
    public void A_budget_is_a_start_and_a_duration(string text, string start, double seconds)
    {
        Budget.TryParse(text, out var budget).Should().BeTrue();

        budget.Should().Be(new Budget(start, TimeSpan.FromSeconds(seconds)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("warm")]
    [InlineData("warm=")]
    [InlineData("warm=2")]
    [InlineData("warm=0s")]
    [InlineData("tepid=2s")]
    [InlineData("warm=2s=3s")]
    [InlineData("Warm=2s")]
    public void A_text_that_is_no_budget_is_refused(string text) => Budget.TryParse(text, out _).Should().BeFalse();

    [Fact]
    public void An_exceeded_budget_names_what_was_measured_and_what_was_allowed() =>
        new Budget("warm", TimeSpan.FromSeconds(2)).Excess([Measured("cold", 15), Measured("warm", 2.004, 2.5, 2.6)])
            .Should().Be("warm start: the median of prepare is 2.50 s, over the budget of 2s");

    [Fact]
    public void A_median_at_the_limit_keeps_the_budget_whatever_the_worst_was() =>
        new Budget("warm", TimeSpan.FromSeconds(2)).Excess([Measured("warm", 1, 2, 9)]).Should().BeNull();

    [Fact]
    public void A_start_that_was_not_measured_keeps_no_budget() =>
        new Budget("warm", TimeSpan.FromSeconds(2)).Excess([Measured("cold", 1)]).Should().Contain("no warm start was measured");

    private static Summary Measured(string start, params double[] seconds) =>
        Summary.Of(start, [.. seconds.Select(one => new Measurement { PrepareSeconds = one })]);
}
