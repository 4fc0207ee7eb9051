using FluentAssertions;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Tests.Configuration;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.ProjectDisks;

/// <summary>The disk of a job, and whether what it changes stays.</summary>
public sealed class ProjectDiskPlanTests
{
    private static readonly Job Job = new()
    {
        Key = new JobKey("https://gitlab.test", "abc", 1),
        Id = 1,
        Server = "https://gitlab.test",
        ProjectPath = "group/project",
        ProjectId = 42,
        Name = "build",
        Ref = "branch/main",
        ProtectedRef = true,
        Timeout = TimeSpan.FromHours(1),
    };

    private static ProjectDiskPlan? Plan(Job job, string settings) => ProjectDiskPlan.For(job, Yaml.BindImage($"{Yaml.Image}\nproject_disk: {settings}"));

    [Fact]
    public void Without_a_size_there_is_no_disk() => Plan(Job, "{write: always}").Should().BeNull();

    [Theory]
    [InlineData("protected", true, null)]
    [InlineData("protected", false, "unprotected")]
    [InlineData("protected", null, "unprotected")]
    [InlineData("always", false, null)]
    [InlineData("never", true, "never")]
    public void Changes_stay_as_the_rule_says(string write, bool? isProtected, string? refusal) =>
        Plan(Job with { ProtectedRef = isProtected }, $"{{size: 1GiB, write: {write}}}")!.Refusal.Should().Be(refusal);

    [Fact]
    public void A_server_that_does_not_tell_what_the_disk_is_known_by_gives_none()
    {
        Plan(Job with { ProjectId = null }, "{size: 1GiB}").Should().BeNull();
        Plan(Job with { ProjectPath = null }, "{size: 1GiB}").Should().BeNull();
        Plan(Job with { Ref = null }, "{size: 1GiB, scope: project-and-ref}").Should().BeNull();
        Plan(Job with { Name = null }, "{size: 1GiB, scope: job-name}").Should().BeNull();
        Plan(Job with { Name = null, Ref = null }, "{size: 1GiB}").Should().NotBeNull();
    }

    [Fact]
    public void The_first_rule_that_fits_the_project_counts_and_what_it_does_not_say_is_the_images()
    {
        const string Rules = "{size: 1GiB, write: never, projects: [{projects: other/**, enabled: false}, {projects: group/*, size: 2GiB}, {projects: '**', write: always}]}";

        Plan(Job, Rules).Should().BeEquivalentTo(new { Size = ByteSize.FromMebibytes(2048), Refusal = "never" });
        Plan(Job with { ProjectPath = "other/project" }, Rules).Should().BeNull();
        Plan(Job with { ProjectPath = "third" }, Rules).Should().BeEquivalentTo(new { Size = ByteSize.FromMebibytes(1024), Refusal = (string?)null });
    }

    [Fact]
    public void A_disk_is_shared_by_the_jobs_of_its_scope_and_by_no_others()
    {
        Job[] jobs = [Job, Job with { Name = "test" }, Job with { Ref = "branch/other" }, Job with { Ref = "tag/main" }];
        Job[] others = [Job with { ProjectId = 43 }, Job with { Server = "https://other.test" }];

        Keys("project", jobs).Should().HaveCount(1);
        Keys("project-and-ref", jobs).Should().HaveCount(3);
        Keys("job-name", jobs).Should().HaveCount(2);
        Keys("project", [Job, .. others]).Should().HaveCount(3);
        Keys("project", [Job]).Should().NotBeEquivalentTo(Keys("job-name", [Job with { Name = "" }]));
        Keys("project", [Job, Job with { ProjectPath = "group/renamed" }]).Should().HaveCount(1, "a renamed project keeps its disk");
    }

    [Fact]
    public void A_key_is_a_name_of_a_directory_whatever_the_branch_is_called()
    {
        var key = Plan(Job with { Ref = "branch/../../\n'\0" }, "{size: 1GiB, scope: project-and-ref}")!.Key;

        key.Value.Should().MatchRegex("^42-[0-9a-f]{24}$");
        ProjectDiskKey.TryParse(key.Value, out var parsed).Should().BeTrue();
        parsed.Should().Be(key);
        ProjectDiskKey.TryParse("42-../../../../../../../../etc", out _).Should().BeFalse();
    }

    [Theory]
    [InlineData("success", true, "build_script:0")]
    [InlineData("success", true, "get_sources:1", "get_sources:0", "step_script:0", "after_script:3")]
    [InlineData("success", false, "step_script:1")]
    [InlineData("success", false, "get_sources:0")]
    [InlineData("success", false)]
    [InlineData("failed", false, "step_script:0")]
    [InlineData("unknown", false, "step_script:0")]
    [InlineData("success", false, "step_script:0", "step_release:2")]
    public void A_job_has_succeeded_only_if_the_driver_saw_its_scripts_succeed(string result, bool expected, params string[] scripts) =>
        ProjectDiskRefusals.Succeeded(result, [.. scripts.Select(script => script.Split(':')).Select(part => new ScriptRecord(part[0], 1, int.Parse(part[1], null), null))]).Should().Be(expected);

    private static IEnumerable<string> Keys(string scope, params Job[] jobs) => jobs.Select(job => Plan(job, $"{{size: 1GiB, scope: {scope}}}")!.Key.Value).Distinct();
}
