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
    [InlineData("alma-9", "alma-9")]
    [InlineData("alma-8", "first")]
    [InlineData("debian:12", "first")]
    [InlineData("ubuntu-24", "second")]
    [InlineData("secret-1", "third")]
    public void Names_go_before_patterns_and_patterns_in_the_order_of_the_images(string wanted, string image) =>
        ImageChoice.For(Job(wanted), Catalogue(
            Image("first", ["alma-?", "debian:*"]), Image("second", ["*-24", "alma-*"]), Image("third", ["secret-*"]), Image("alma-9"))).Name.Value.Should().Be(image);

    [Fact]
    public void Of_the_images_that_match_the_first_one_that_the_job_may_use_is_taken()
    {
        var catalogue = Catalogue(
            Image("tests", allow: new AccessSettings { ProtectedRefs = true }),
            Image("others", ["te*"], new AccessSettings { Projects = ["other/**"] }),
            Image("everybody", ["t*"]));

        ImageChoice.For(Job("tests"), catalogue).Name.Value.Should().Be("everybody");
        ImageChoice.For(Job("tests") with { ProjectPath = "other/x" }, catalogue).Name.Value.Should().Be("others");
        ImageChoice.For(Job("tests") with { ProtectedRef = true }, catalogue).Name.Value.Should().Be("tests");
    }

    [Theory]
    [InlineData("group/project", null, "group/*", false, null)]
    [InlineData("GROUP/Project", null, "group/project", false, null)]
    [InlineData("group/sub/project", null, "group/*", false, "project 'group/sub/project' is not among those that may")]
    [InlineData("group-2/project", true, "group/**", false, "project 'group-2/project' is not among those that may")]
    [InlineData(null, true, "**", false, "does not tell which project the job is of")]
    [InlineData("group/project", true, null, true, null)]
    [InlineData("group/project", false, null, true, "the job's is not protected")]
    [InlineData("group/project", null, null, true, "does not tell whether the job's is protected")]
    [InlineData("group/project", false, "group/*", true, "the job's is not protected")]
    [InlineData("group/project", true, "group/*", true, null)]
    [InlineData(null, null, null, false, null)]
    public void An_image_is_for_the_jobs_that_its_policy_certainly_means(string? project, bool? isProtected, string? projects, bool protectedRefs, string? refusal)
    {
        var image = Image("base", allow: new AccessSettings { Projects = projects is null ? [] : ["hidden/one", projects], ProtectedRefs = protectedRefs });
        var job = Job("base") with { ProjectPath = project, ProtectedRef = isProtected };
        foreach (var (asked, settings) in new[] { (job, Catalogue(image)), (job with { Image = null }, Catalogue(image) with { DefaultImage = image.Name }) })
        {
            var choose = () => ImageChoice.For(asked, settings);
            if (refusal is null)
            {
                choose().Should().BeSameAs(image);
                continue;
            }

            var failure = choose.Should().Throw<BuildFailureException>().Which;
            failure.Code.Should().Be(ErrorCodes.ImageNotAllowed);
            failure.Message.Should().Contain(refusal).And.NotContain("hidden").And.Contain("image 'base'");
            failure.Message.Should().EndWith("none of this runner's images is available to this job");
        }
    }

    [Fact]
    public void A_refusal_lists_what_this_job_may_use_with_patterns()
    {
        var choose = () => ImageChoice.For(Job("windows"), Catalogue(
            Image("a", ["a-*", "b?"]), Image("secret", ["s-*"], new AccessSettings { Projects = ["other/*"] }), Image("c")));

        choose.Should().Throw<BuildFailureException>().Which.Message.Should().Be("there is no image 'windows'; available here: a, a-*, b?, c");
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

    private static Settings Catalogue(params ImageDefinition[] images) => TwoImages with { Images = images };

    private static ImageDefinition Image(string name, string[]? patterns = null, AccessSettings? allow = null) =>
        TestPlan.Image() with { Name = new ImageName(name), Patterns = patterns ?? [], Allow = allow ?? new AccessSettings() };

    private static Core.Jobs.Job Job(string? image) => TestPlan.For(TestPlan.Image()).Job with { Image = image };
}
