using FluentAssertions;
using FsCheck.Fluent;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Values;

public sealed class DurationTextTests
{
    [Theory]
    [InlineData("0s", 0)]
    [InlineData("500ms", 500)]
    [InlineData("90s", 90_000)]
    [InlineData("3m", 180_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("1m30s250ms", 90_250)]
    [InlineData("1d", 86_400_000)]
    [InlineData("003s", 3_000)]
    public void Whole_numbers_with_units_are_a_duration(string text, long milliseconds)
    {
        DurationText.TryParse(text, out var duration).Should().BeTrue();
        duration.Should().Be(TimeSpan.FromMilliseconds(milliseconds));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("3")]
    [InlineData("m")]
    [InlineData("3 m")]
    [InlineData("3min")]
    [InlineData("3M")]
    [InlineData("-3m")]
    [InlineData("1.5h")]
    [InlineData("30m1h")]
    [InlineData("1m1m")]
    [InlineData("1s ")]
    [InlineData("1\0s")]
    [InlineData("٣s")]
    [InlineData("1000000000s")]
    [InlineData("999999999d")]
    public void Anything_else_is_not(string? text) => DurationText.TryParse(text, out _).Should().BeFalse();

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(60_000, "1m")]
    [InlineData(90_000, "1m30s")]
    [InlineData(5_400_250, "1h30m250ms")]
    [InlineData(172_800_000, "2d")]
    public void It_is_written_in_the_units_it_is_read_in(long milliseconds, string text) =>
        DurationText.Format(TimeSpan.FromMilliseconds(milliseconds)).Should().Be(text);

    [Fact]
    public void A_written_record_is_read_back() =>
        ForAny.Value(
            from days in Gen.Choose(0, 1_000)
            from milliseconds in Gen.Choose(0, 86_399_999)
            select TimeSpan.FromDays(days) + TimeSpan.FromMilliseconds(milliseconds),
            duration =>
            {
                DurationText.TryParse(DurationText.Format(duration), out var again).Should().BeTrue();
                again.Should().Be(duration);
            });

    [Fact]
    public void Any_text_is_refused_or_means_what_is_written_for_it() =>
        ForAny.Value(
            Gen.Elements("0", "1", "9", "999999999", "d", "h", "m", "s", "ms", " ", "-", ".", "é").ListOf().Select(string.Concat),
            text =>
            {
                if (DurationText.TryParse(text, out var duration))
                {
                    DurationText.TryParse(DurationText.Format(duration), out var again).Should().BeTrue();
                    again.Should().Be(duration);
                }
            });
}
