using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Keeping;
using VmExecutor.Core.Leftovers;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Keeping;

public sealed class KeepRuleTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly DateTimeOffset Created = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly HostMoment Made = new("host", "boot", "pid:[1]", TimeSpan.FromMinutes(100));

    [Theory]
    [InlineData(null, "group/project", false)]
    [InlineData("", "group/project", true)]
    [InlineData("group/**", "group/sub/project", true)]
    [InlineData("other/*", "group/project", false)]
    [InlineData("group/*", null, false)]
    public void A_VM_stays_for_the_projects_that_are_meant(string? projects, string? project, bool stays)
    {
        var image = Image(new KeepSettings { For = projects is null ? null : Hour, Projects = projects is null or "" ? [] : [projects] });

        var plan = KeepRule.For(new Job { Key = new JobKey("https://x", "abc", 1), Id = 1, Server = "https://x", ProjectPath = project, Timeout = Hour }, image);

        plan.Should().Be(stays ? new KeepPlan(Hour, "/builds", "/cache") : null);
    }

    [Theory]
    [InlineData("build_script", true)]
    [InlineData("step_script", true)]
    [InlineData("step_release", true)]
    [InlineData("get_sources", false)]
    [InlineData("after_script", false)]
    [InlineData("cleanup_file_variables", false)]
    public void Only_what_the_author_wrote_decides_the_job(string subStage, bool decides) => KeepRule.DecidesTheJob(subStage).Should().Be(decides);

    [Fact]
    public void The_time_begins_with_cleanup_and_is_the_kernels()
    {
        var kept = KeepRule.Begin(Record(new KeepRecord("build_script", null)), "failed", Made.SinceBoot + TimeSpan.FromMinutes(30));

        kept.Kept.Should().BeTrue();
        kept.Keep!.Result.Should().Be("failed");
        LeftoverReason? At(int minutes) => new Judgement(Made with { SinceBoot = Made.SinceBoot + TimeSpan.FromMinutes(minutes) }, Created.AddYears(1), RunnerRuns: false, TemporaryDirectoryExists: false, StateMayBeShared: false)
            .Of(kept.Stamp, kept.Kept);
        At(89).Should().BeNull();
        At(90).Should().Be(LeftoverReason.TimeOver);
    }

    [Fact]
    public void A_VM_with_a_promise_has_a_place_until_it_is_gone()
    {
        var promised = Record(new KeepRecord("build_script", null));
        var kept = KeepRule.Begin(promised, "failed", Hour);
        var ended = kept with { Stopped = new StopRecord(1512, false, "", "", 0) };

        KeepRule.Holders([promised, kept, ended, Record(null)]).Should().Equal(promised, kept);
    }

    [Fact]
    public void A_record_reads_back_with_what_is_planned_and_promised()
    {
        var record = Record(new KeepRecord("build_script", "failed"));

        JobRecord.TryParse(record.ToJson()).Should().BeEquivalentTo(record);
    }

    private static JobRecord Record(KeepRecord? keep) => new()
    {
        Stamp = new OwnershipStamp
        {
            Key = "abc-1-ffffff",
            Project = "group/project",
            Image = "base",
            Runner = new RunnerProcess(1, 1),
            TemporaryDirectory = "/tmp/x",
            StateDir = "/s",
            Made = Made,
            Created = Created,
            Expires = Created.AddHours(2),
        },
        Domain = "vmx-abc-1-ffffff",
        LibvirtUri = "test:///default",
        Shell = "bash",
        KeepFailed = new KeepPlan(Hour, "/builds", "/cache"),
        Keep = keep,
    };

    private static ImageDefinition Image(KeepSettings keep) => new()
    {
        File = new AbsolutePath("/i.yaml"),
        Name = new ImageName("base"),
        Source = new ImageSource.Domain("base"),
        Ssh = new SshSettings { User = "ci", Key = new AbsolutePath("/k") },
        KeepFailed = keep,
    };
}
