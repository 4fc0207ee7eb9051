using FluentAssertions;
using FsCheck.Fluent;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Values;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("0B", 0)]
    [InlineData("1B", 1)]
    [InlineData("1kB", 1000)]
    [InlineData("1KiB", 1024)]
    [InlineData("512MiB", 512L << 20)]
    [InlineData("512 MiB", 512L << 20)]
    [InlineData("2gib", 2L << 30)]
    [InlineData("10GB", 10_000_000_000)]
    [InlineData("3TiB", 3L << 40)]
    [InlineData("9223372036854775807B", long.MaxValue)]
    public void A_whole_number_with_a_unit_is_a_size(string text, long bytes)
    {
        ByteSize.TryParse(text, out var size).Should().BeTrue();
        size.Bytes.Should().Be(bytes);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("2")]
    [InlineData("2G")]
    [InlineData("2Gi")]
    [InlineData("GiB")]
    [InlineData("-1GiB")]
    [InlineData("+1GiB")]
    [InlineData("1.5GiB")]
    [InlineData("1,000MiB")]
    [InlineData("0x10MiB")]
    [InlineData(" 1GiB")]
    [InlineData("1GiB ")]
    [InlineData("1\0GiB")]
    [InlineData("1\tGiB")]
    [InlineData("٣GiB")]
    [InlineData("9223372036854775808B")]
    [InlineData("9007199254740992KiB")]
    public void Anything_else_is_not(string? text) => ByteSize.TryParse(text, out _).Should().BeFalse();

    [Theory]
    [InlineData(0, "0B")]
    [InlineData(1023, "1023B")]
    [InlineData(2000, "2kB")]
    [InlineData(512L << 20, "512MiB")]
    [InlineData(3L << 29, "1536MiB")]
    [InlineData(10_000_000_000, "10GB")]
    [InlineData(1_000_000_000_000, "1TB")]
    public void It_is_written_in_the_largest_unit_that_divides_it(long bytes, string text) =>
        new ByteSize(bytes).ToString().Should().Be(text);

    [Fact]
    public void A_written_record_is_read_back() =>
        ForAny.Value(
            from number in Gen.Choose(0, int.MaxValue)
            from factor in Gen.Elements(1L, 1000, 1024, 1_000_000, 1 << 20, 1_000_000_000, 1 << 30)
            select new ByteSize(number * factor),
            size =>
            {
                ByteSize.TryParse(size.ToString(), out var again).Should().BeTrue();
                again.Should().Be(size);
            });

    [Fact]
    public void Sizes_are_compared_by_their_bytes()
    {
        var (small, large) = (ByteSize.FromMebibytes(1), ByteSize.FromMebibytes(2));

        (small < large).Should().BeTrue();
        (small > large).Should().BeFalse();
        (large >= small).Should().BeTrue();
        (large <= small).Should().BeFalse();
        small.CompareTo(large).Should().BeNegative();
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    public void There_is_no_negative_size(long bytes) =>
        FluentActions.Invoking(() => new ByteSize(bytes)).Should().Throw<ArgumentOutOfRangeException>();

    [Fact]
    public void Mebibytes_beyond_all_bounds_are_refused_instead_of_wrapping_around() =>
        FluentActions.Invoking(() => ByteSize.FromMebibytes(1L << 44)).Should().Throw<OverflowException>();
}
