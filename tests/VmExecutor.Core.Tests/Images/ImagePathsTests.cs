using FluentAssertions;
using VmExecutor.Core.Images;
using VmExecutor.Core.Tests.Values;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Images;

public sealed class ImagePathsTests
{
    [Theory]
    [InlineData("1", 1)]
    [InlineData("42", 42)]
    [InlineData("2147483647", int.MaxValue)]
    [InlineData("2147483648", null)]
    [InlineData("0", null)]
    [InlineData("-1", null)]
    [InlineData("+1", null)]
    [InlineData("007", null)]
    [InlineData(" 1", null)]
    [InlineData("1 ", null)]
    [InlineData("1\0", null)]
    [InlineData("1e3", null)]
    [InlineData("1,000", null)]
    [InlineData("٣", null)]
    [InlineData("", null)]
    [InlineData(".new-1-abcdef01", null)]
    [InlineData(".gone-1-abcdef01", null)]
    [InlineData("current", null)]
    [InlineData("download", null)]
    [InlineData("build.log", null)]
    public void A_name_is_a_generations_number_only_if_it_is_written_as_one(string name, int? number) =>
        ImagePaths.NumberOf(name).Should().Be(number);

    [Fact]
    public void The_directory_of_a_generation_is_named_by_its_number_and_a_half_made_one_never_is()
    {
        var paths = ImagePaths.For(new AbsolutePath("/state"), new ImageName("base"));

        paths.Generation(7).Value.Should().Be("/state/images/base/7");
        ImagePaths.NumberOf(paths.Generation(7).Name).Should().Be(7);
        paths.Half(HalfMadeName.Making, 7, "abcdef01").Value.Should().Be("/state/images/base/.new-7-abcdef01");
        ImagePaths.NumberOf(paths.Half(HalfMadeName.Removing, 7, "abcdef01").Name).Should().BeNull();
    }

    [Fact]
    public void Any_text_that_is_a_number_is_written_the_same_again() =>
        ForAny.Value(HostileText.Any, text => (ImagePaths.NumberOf(text)?.ToString(null, null) ?? text).Should().Be(text));
}
