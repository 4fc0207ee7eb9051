using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Health;

public sealed class ImageRulesTests
{
    private static readonly AbsolutePath SettingsFile = new("/etc/vm-executor/vm-executor.yaml");
    private static readonly (int, DateTimeOffset) Third = (3, new DateTimeOffset(2026, 5, 4, 3, 2, 1, TimeSpan.Zero));

    [Fact]
    public void No_image_at_all_is_warned_of() =>
        ImageRules.DecideImages([], "qemu:///system", SettingsFile, "sample.yaml").Should().ContainSingle().Which.Should()
            .Match<Finding>(finding => finding.Status == CheckStatus.Warning && finding.Fix!.StartsWith("cp sample.yaml '/etc/vm-executor/images/'"));

    [Fact]
    public void A_published_image_is_fine_and_one_that_never_was_is_warned_of()
    {
        Decide(State() with { Generation = Third }).Should().Be(Checks.Images.Ok("image 'small': jobs get generation 3, published 2026-05-04"));
        Decide(State()).Should().Match<Finding>(finding => finding.Status == CheckStatus.Warning && finding.Found.Contains("never published") && finding.Fix == "vm-executor image publish small");
    }

    [Fact]
    public void An_image_without_a_generation_that_can_be_used_is_a_problem_with_its_code() =>
        Decide(State() with { Failure = new SystemFailureException(ErrorCodes.ImageNotPublished, "not yet", "Publish.") }).Should()
            .Match<Finding>(finding => finding.Status == CheckStatus.Problem && finding.Found == $"not yet ({ErrorCodes.ImageNotPublished})" && finding.Fix == "vm-executor image publish small");

    [Theory]
    [InlineData(true, false, CheckStatus.Problem, "image 'small': it is odd; jobs fail")]
    [InlineData(true, true, CheckStatus.Warning, "image 'small': it is odd; it cannot be published again")]
    [InlineData(false, false, CheckStatus.Warning, "image 'small': it is odd")]
    [InlineData(false, true, CheckStatus.Warning, "image 'small': it is odd")]
    public void Trouble_with_a_source_matters_less_once_the_image_is_published(bool isFatal, bool isPublished, CheckStatus status, string found) =>
        Decide(State() with { Troubles = [new SourceTrouble(isFatal, "it is odd", "mend it")], Generation = isPublished ? Third : null }).Should()
            .Be(Checks.Images.Of(status, found, "mend it   # in /images/small.yaml"));

    [Theory]
    [InlineData(false, false, CheckStatus.Problem, "jobs fail (VMX1203)")]
    [InlineData(true, false, CheckStatus.Warning, "the next job shuts it down")]
    [InlineData(false, true, CheckStatus.Ok, "jobs get generation 3")]
    public void A_source_domain_must_not_run_unless_it_may_be_shut_down_or_the_image_is_published(bool allowShutdown, bool isPublished, CheckStatus status, string found)
    {
        var finding = Decide(State(new ImageSource.Domain("base") { AllowShutdown = allowShutdown }) with { SourceRuns = true, Generation = isPublished ? Third : null });

        finding.Status.Should().Be(status);
        finding.Found.Should().Contain(found);
    }

    [Theory]
    [InlineData(false, 0, 0, CheckStatus.Warning, "was never published, so there is no template")]
    [InlineData(true, 0, 0, CheckStatus.Warning, "has no template: jobs start cold")]
    [InlineData(true, 1, 0, CheckStatus.Ok, "has 1 template")]
    [InlineData(true, 2, 1, CheckStatus.Warning, "1 of 2 templates cannot be used: QEMU changed")]
    [InlineData(true, 2, 2, CheckStatus.Warning, "no template can be used, and jobs start cold: QEMU changed")]
    public void Templates_must_be_there_and_wake_up(bool isPublished, int all, int bad, CheckStatus status, string found)
    {
        IReadOnlyList<IReadOnlyList<string>> troubles = [.. Enumerable.Range(0, all).Select(number => number < bad ? new[] { "QEMU changed" } : Array.Empty<string>())];

        var finding = ImageRules.DecideTemplates(new TemplateState(new ImageName("small"), isPublished, troubles));

        finding.Status.Should().Be(status);
        finding.Found.Should().Contain(found);
    }

    [Fact]
    public void Tools_for_registries_are_asked_for_only_where_an_image_comes_from_one()
    {
        ImageRules.DecideRegistry([], ["skopeo", "zstd"]).Should().BeEmpty();
        ImageRules.DecideRegistry([new ImageName("a")], []).Should().Equal(Checks.Registry.Ok("image a comes from a registry; skopeo and zstd are there"));
        ImageRules.DecideRegistry([new ImageName("a"), new ImageName("b")], ["skopeo", "zstd"]).Should().Equal(Checks.Registry.Problem(
            "images a, b come from a registry, and there is no skopeo and no zstd: 'image publish' fails (VMX1502)", "apt-get install skopeo zstd"));
    }

    [Fact]
    public void Disks_of_projects_are_looked_at_only_where_an_image_gives_them()
    {
        ImageName[] one = [new("a")];

        ImageRules.DecideProjectDisks([], hasTool: false, 1, 0, ["damaged-k"]).Should().BeEmpty();
        ImageRules.DecideProjectDisks(one, hasTool: true, 1, 3 << 20, []).Should().Equal(Checks.ProjectDisks.Ok("image a gives projects disks; there is 1, with 3MiB on this host"));
        ImageRules.DecideProjectDisks([.. one, new("b")], hasTool: false, 0, 0, []).Should().Equal(
            Checks.ProjectDisks.Problem("images a, b give projects disks, and there is no mke2fs: jobs go on without one", "apt-get install e2fsprogs"));
        ImageRules.DecideProjectDisks(one, hasTool: true, 2, 0, ["damaged-k"]).Should().ContainSingle().Which.Should().Match<Finding>(
            finding => finding.Status == CheckStatus.Warning && finding.Found.Contains("put aside, since a guest did not mount it: damaged-k") && finding.Fix!.Contains("disk list"));
    }

    [Fact]
    public void SELinux_must_let_QEMU_use_the_files_of_projects_disks()
    {
        ImageName[] one = [new("a")];
        var (disks, jobs) = (new AbsolutePath("/var/lib/vm-executor/disks"), new AbsolutePath("/var/lib/vm-executor/jobs"));
        (AbsolutePath, string?)[] places = [(disks, "unconfined_u:object_r:var_lib_t:s0"), (jobs, "system_u:object_r:svirt_image_t:s0")];

        var finding = ImageRules.DecideDiskLabels(SecurityDriver.SELinux, one, places).Should().ContainSingle().Which;

        finding.Status.Should().Be(CheckStatus.Warning);
        finding.Found.Should().Contain("/var/lib/vm-executor/disks (unconfined_u:object_r:var_lib_t:s0) has not the label").And.NotContain("jobs (");
        finding.Fix.Should().Be("semanage fcontext -a -t svirt_image_t '/var/lib/vm-executor/disks(/.*)?' && restorecon -R '/var/lib/vm-executor/disks'");
        ImageRules.DecideDiskLabels(SecurityDriver.AppArmor, one, places).Should().BeEmpty();
        ImageRules.DecideDiskLabels(SecurityDriver.SELinux, [], places).Should().BeEmpty();
        ImageRules.DecideDiskLabels(SecurityDriver.SELinux, one, [(disks, null), places[1]]).Should().BeEmpty("what is not there yet has no label");
    }

    private static Finding Decide(ImageState state) => ImageRules.DecideImages([state], "qemu:///system", SettingsFile, "sample.yaml").Should().ContainSingle().Subject;

    private static ImageState State(ImageSource? source = null) => new(new ImageDefinition
    {
        File = new AbsolutePath("/images/small.yaml"),
        Name = new ImageName("small"),
        Source = source ?? new ImageSource.DiskFile(new AbsolutePath("/b")),
        Ssh = new SshSettings { User = "ci" },
    });
}
