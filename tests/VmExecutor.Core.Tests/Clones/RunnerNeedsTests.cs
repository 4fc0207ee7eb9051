using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Tests.Images;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Clones;

public sealed class RunnerNeedsTests
{
    private static readonly RunnerEntry Plain = new() { Name = "r" };

    [Theory]
    [InlineData("", null, false)]
    [InlineData("", "true", true)]
    [InlineData("", "1", true)]
    [InlineData("", "false", false)]
    [InlineData("", "yes", false)]
    [InlineData("[runners.feature_flags]\nFF_POSIXLY_CORRECT_ESCAPES = true\n", "false", true)]
    [InlineData("[runners.feature_flags]\nFF_POSIXLY_CORRECT_ESCAPES = false\n", "true", false)]
    [InlineData("environment = ['FF_POSIXLY_CORRECT_ESCAPES=true']\n", null, true)]
    [InlineData("environment = ['FF_POSIXLY_CORRECT_ESCAPES=T']\n", null, true)]
    [InlineData("environment = ['FF_POSIXLY_CORRECT_ESCAPES=yes']\n", null, false)]
    [InlineData("environment = ['FF_POSIXLY_CORRECT_ESCAPES = true']\n", null, false)]
    [InlineData("environment = ['FF_POSIXLY_CORRECT_ESCAPES']\n", null, false)]
    [InlineData("environment = ['FF_POSIXLY_CORRECT_ESCAPES=true', 'FF_POSIXLY_CORRECT_ESCAPES=false']\n", null, false)]
    [InlineData("Environment = ['A=1', 'FF_POSIXLY_CORRECT_ESCAPES=false', 'FF_POSIXLY_CORRECT_ESCAPES=1']\n", null, true)]
    [InlineData("environment = ['FF_POSIXLY_CORRECT_ESCAPES=true']\n", "false", false)]
    [InlineData("environment = ['FF_POSIXLY_CORRECT_ESCAPES=true']\n", "", false)]
    [InlineData("environment = ['FF_POSIXLY_CORRECT_ESCAPES=false']\n", "true", true)]
    [InlineData("environment = ['FF_POSIXLY_CORRECT_ESCAPES=true']\n[runners.feature_flags]\nFF_POSIXLY_CORRECT_ESCAPES = false\n", "true", false)]
    [InlineData("environment = ['FF_POSIXLY_CORRECT_ESCAPES=false']\n[runners.feature_flags]\nFF_POSIXLY_CORRECT_ESCAPES = true\n", null, true)]
    public void The_flag_is_read_where_the_runner_reads_it_and_in_the_same_order(string toml, string? variable, bool isOn)
    {
        var (read, errors) = RunnerTomlReader.Read($"[[runners]]\nname = 'r'\n{toml}");
        errors.Should().BeEmpty();
        var runner = read!.Runners[0];

        RunnerNeeds.IsPosix(runner, variable).Should().Be(isOn);
        RunnerNeeds.Warnings(Plan(needsPosix: true), variable, () => runner).Select(line => line.Contains("FF_POSIXLY_CORRECT_ESCAPES = true") && line.Contains("127")).Should().Equal(isOn ? [] : [true]);
        RunnerNeeds.Warnings(Plan(needsPosix: false), variable, Unasked).Should().BeEmpty();
        RunnerNeeds.Warnings(Plan(needsPosix: null), variable, Unasked).Should().BeEmpty("an older driver has not asked");
    }

    [Theory]
    [InlineData(true, false, false, "this job has artifacts, and image 'debian'")]
    [InlineData(false, true, false, "this job has a cache, and image 'debian'")]
    [InlineData(false, false, true, "this job has artifacts of earlier jobs, and image 'debian'")]
    public void A_job_with_files_and_an_image_without_gitlab_runner_is_told_once(bool artifacts, bool cache, bool dependencies, string said)
    {
        var files = new JobTransfers(artifacts, cache, dependencies);

        RunnerNeeds.Warnings(Plan(files, hasRunner: false), null, Unasked).Should().ContainSingle().Which.Should().StartWith(said).And.Contain("tools: [gitlab-runner]").And.NotContain("\n");
        RunnerNeeds.Warnings(Plan(files, hasRunner: false, new ToolSettings(null, "/usr/local/bin/gitlab-runner")), null, () => Plain with { CacheType = "s3" }).Should().BeEmpty("prepare puts it there");
        RunnerNeeds.Warnings(Plan(files, hasRunner: false, new ToolSettings(new AbsolutePath("/opt/gitlab-runner"), "/opt/gitlab-runner")), null, () => null).Should().BeEmpty();
        RunnerNeeds.Warnings(Plan(files, hasRunner: true), null, () => Plain with { CacheType = "gcs" }).Should().BeEmpty();
        RunnerNeeds.Warnings(Plan(files, hasRunner: null), null, () => null).Should().BeEmpty("nothing is known of either");
    }

    [Theory]
    [InlineData(null, 1)]
    [InlineData("", 1)]
    [InlineData("s3", 0)]
    [InlineData("azure", 0)]
    public void A_cache_that_is_gone_with_the_VM_is_told_to_the_job_that_has_one(string? type, int warnings)
    {
        var runner = Plain with { CacheType = type };

        RunnerNeeds.Warnings(Plan(new JobTransfers(true, true, false), hasRunner: true), null, () => runner).Select(line => line.Contains("[runners.cache]")).Should().Equal(Enumerable.Repeat(true, warnings));
        RunnerNeeds.Warnings(Plan(new JobTransfers(true, false, true), hasRunner: true), null, Unasked).Should().BeEmpty("it has no cache");
    }

    [Theory]
    [InlineData(GuestShell.Sh, null, 1)]
    [InlineData(GuestShell.Sh, "true", 0)]
    [InlineData(GuestShell.Bash, null, 0)]
    public void An_sh_that_no_probe_has_looked_at_is_told_with_the_flag(GuestShell shell, string? flag, int warnings)
    {
        var plan = Plan(needsPosix: null) with { Generation = null };

        RunnerNeeds.Warnings(plan with { Image = plan.Image with { Shell = shell } }, flag, () => Plain)
            .Select(line => line.Contains(RunnerQuoting.PosixFlag)).Should().Equal(Enumerable.Repeat(true, warnings));
    }

    [Theory]
    [InlineData(true, false, null, 1)]
    [InlineData(true, false, "/usr/local/bin/step-runner", 0)]
    [InlineData(true, false, "/opt/bin/step-runner", 0)]
    [InlineData(true, false, "/opt/bin/another", 1)]
    [InlineData(true, true, null, 0)]
    [InlineData(true, null, null, 0)]
    [InlineData(false, false, null, 0)]
    public void A_job_with_steps_and_an_image_without_step_runner_is_told(bool hasSteps, bool? hasStepRunner, string? tool, int warnings)
    {
        var plan = Plan(needsPosix: null, tools: tool is null ? [] : [new ToolSettings(new AbsolutePath("/opt/tool"), tool)]);
        var probe = plan.Generation!.Record.Probe! with { HasStepRunner = hasStepRunner };
        plan = plan with { Job = plan.Job with { HasSteps = hasSteps }, Generation = new Generation(plan.Generation.Directory, plan.Generation.Record with { Probe = probe }) };

        RunnerNeeds.Warnings(plan, null, Unasked)
            .Select(line => line.StartsWith("this job has steps (run:), and image 'debian' has no step-runner", StringComparison.Ordinal)).Should().Equal(Enumerable.Repeat(true, warnings));
    }

    private static RunnerEntry Unasked() => throw new InvalidOperationException("config.toml is not read where it is not needed");

    private static ClonePlan Plan(JobTransfers? files = null, bool? hasRunner = null, params ToolSettings[] tools) => Plan(false, files, hasRunner, tools);

    private static ClonePlan Plan(bool? needsPosix, JobTransfers? files = null, bool? hasRunner = null, params ToolSettings[] tools)
    {
        var plan = TestPlan.For(TestPlan.Image() with { Name = new ImageName("debian"), Tools = tools });
        var record = TestGeneration.Record(3);
        return plan with
        {
            Job = plan.Job with { Files = files ?? new JobTransfers(false, false, false) },
            Generation = new Generation(new AbsolutePath("/state/images/debian/3"), record with { Probe = record.Probe! with { NeedsPosixQuoting = needsPosix, HasRunner = hasRunner } }),
        };
    }
}
