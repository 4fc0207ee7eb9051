using System.Globalization;
using System.Text;
using FluentAssertions;
using FsCheck.Fluent;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Tests.Values;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Images;

public sealed class ImageChoiceTests
{
    private static readonly Settings TwoImages = new()
    {
        File = new AbsolutePath("/etc/vm-executor/vm-executor.yaml"),
        Images = [TestPlan.Image() with { Name = new ImageName("debian-12") }, TestPlan.Image() with { Name = new ImageName("alma-9") }],
    };

    [Fact]
    public void The_jobs_image_is_taken_by_name()
    {
        ImageChoice.For(Job("alma-9"), TwoImages).Name.Value.Should().Be("alma-9");
    }

    [Fact]
    public void A_job_without_an_image_gets_the_default_one()
    {
        ImageChoice.For(Job(null), TwoImages with { DefaultImage = new ImageName("debian-12") }).Name.Value.Should().Be("debian-12");
    }

    [Theory]
    [InlineData("windows")]
    [InlineData("DEBIAN-12")]
    [InlineData("debian-12 ")]
    [InlineData("../debian-12")]
    public void An_unknown_image_is_a_build_failure_that_lists_what_there_is(string image)
    {
        var choose = () => ImageChoice.For(Job(image), TwoImages);

        var failure = choose.Should().Throw<BuildFailureException>().Which;
        failure.Code.Should().Be(ErrorCodes.ImageUnknown);
        failure.Message.Should().Contain($"'{image}'").And.Contain("debian-12, alma-9");
    }

    [Fact]
    public void An_image_name_of_a_megabyte_with_control_characters_is_shown_short_and_harmless()
    {
        var choose = () => ImageChoice.For(Job("\u001b[31m\n" + new string('x', 1 << 20)), TwoImages);

        choose.Should().Throw<BuildFailureException>().Which.Message.Should().NotContainAny("\u001b", "\n");
    }

    [Fact]
    public void Whatever_name_a_job_wants_its_message_is_one_printable_line_of_bounded_length() =>
        ForAny.Value(Gen.OneOf(HostileText.Any, HostileText.Any.Select(text => string.Concat(Enumerable.Repeat(text, 50)))), wanted =>
        {
            var message = FluentActions.Invoking(() => ImageChoice.For(Job(wanted), TwoImages)).Should().Throw<BuildFailureException>().Which.Message;

            message.Length.Should().BeLessThan(1_200);
            message.EnumerateRunes().Select(Rune.GetUnicodeCategory).Should().NotContain([
                UnicodeCategory.Control, UnicodeCategory.Format, UnicodeCategory.LineSeparator, UnicodeCategory.ParagraphSeparator, UnicodeCategory.Surrogate]);
            message.Should().EndWith("available here: debian-12, alma-9");
        });

    [Fact]
    public void No_image_and_no_default_is_a_build_failure_of_its_own()
    {
        var choose = () => ImageChoice.For(Job(null), TwoImages);

        choose.Should().Throw<BuildFailureException>().Which.Code.Should().Be(ErrorCodes.ImageNotNamed);
    }

    private static Core.Jobs.Job Job(string? image) => TestPlan.For(TestPlan.Image()).Job with { Image = image };
}
