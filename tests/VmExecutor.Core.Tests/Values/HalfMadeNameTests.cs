using FluentAssertions;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Values;

public sealed class HalfMadeNameTests
{
    [Theory]
    [InlineData(HalfMadeName.Making)]
    [InlineData(HalfMadeName.Removing)]
    public void A_name_tells_its_subject(string kind)
    {
        var name = HalfMadeName.Of(kind, "abc-1-0f3c2a", HalfMadeName.Digits(Guid.Parse("01234567-89ab-cdef-0123-456789abcdef")));

        name.Should().Be($"{kind}abc-1-0f3c2a-01234567");
        HalfMadeName.SubjectOf(name).Should().Be("abc-1-0f3c2a");
        HalfMadeName.SubjectOf(name, kind).Should().Be("abc-1-0f3c2a");
        HalfMadeName.IsOne(name).Should().BeTrue();
    }

    [Theory]
    [InlineData("abc-1-0f3c2a")]
    [InlineData(".new-")]
    [InlineData(".new-01234567")]
    [InlineData(".gone--01234567x")]
    [InlineData(".newer-abc-01234567")]
    public void Another_name_has_no_subject(string name) => HalfMadeName.SubjectOf(name).Should().BeNull();

    [Fact]
    public void A_subject_of_the_other_kind_is_not_meant() => HalfMadeName.SubjectOf(".new-abc-01234567", HalfMadeName.Removing).Should().BeNull();
}
