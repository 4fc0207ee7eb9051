using FluentAssertions;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Values;

public sealed class QuantityTests
{
    [Theory]
    [InlineData(0, "0 jobs")]
    [InlineData(1, "1 job")]
    [InlineData(2, "2 jobs")]
    [InlineData(12000, "12000 jobs")]
    public void Quantity_in_words_has_a_plural_for_all_but_one(int number, string words) => Quantity.Of(number, "job").Should().Be(words);

    [Fact]
    public void Names_follow_the_noun() =>
        new[] { Quantity.Named("image", ["a"]), Quantity.Named("image", ["a", "b"]), Quantity.Named("generation", new[] { 3, 4 }) }
            .Should().Equal("image a", "images a, b", "generations 3, 4");
}
