using FluentAssertions;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Keeping;
using Xunit;

namespace VmExecutor.Core.Tests.Keeping;

/// <summary>The jobs whose scripts are kept, and the scripts that are run again.</summary>
public sealed class ReplayTests
{
    [Theory]
    [InlineData("failed", 7, true)]
    [InlineData("timedout", null, true)]
    [InlineData("running", 7, true)]
    [InlineData("unknown", 7, true)]
    [InlineData("failed", 0, false)]
    [InlineData("success", 7, false)]
    [InlineData("canceled", null, false)]
    public void Only_a_job_that_failed_is_kept_whatever_it_says_of_itself(string result, int? exitCode, bool kept) =>
        ScriptRetention.IsFailed(result, [new("get_sources", 1, 0, null), new("build_script", 1, exitCode, null)]).Should().Be(kept);

    [Theory]
    [InlineData(true, 10, "old")]
    [InlineData(true, 1, "old,second")]
    [InlineData(false, 10, "old,first,second")]
    public void Scripts_whose_time_is_over_go_and_the_oldest_of_too_many(bool enabled, int max, string gone)
    {
        KeptJob[] kept = [Job("second", minutesAgo: 20), Job("old", minutesAgo: 61), Job("first", minutesAgo: 10)];

        ScriptRetention.Over(kept, DateTimeOffset.UnixEpoch, enabled, max).Select(job => job.Key).Should().BeEquivalentTo(gone.Split(','));
    }

    [Theory]
    [InlineData(null, false, "prepare_script get_sources restore_cache build_script after_script step_x? cleanup_file_variables")]
    [InlineData(null, true, "prepare_script restore_cache build_script after_script step_x? cleanup_file_variables")]
    [InlineData("build_script", false, "build_script after_script step_x? cleanup_file_variables")]
    [InlineData("build_script", true, "build_script after_script step_x? cleanup_file_variables")]
    public void Scripts_that_write_to_GitLab_are_left_out_and_so_are_those_before(string? from, bool hasSources, string subStages)
    {
        var plan = ReplayPlan.Of(Job("one", 0), from, hasSources)!;

        string.Join(' ', plan.Scripts.Select(script => script.SubStage)).Should().Be(subStages);
        plan.LeftOut.Should().Equal("archive_cache_on_failure", "upload_artifacts_on_failure");
    }

    [Fact]
    public void A_sub_stage_that_the_job_did_not_have_is_no_beginning() => ReplayPlan.Of(Job("one", 0), "step_y", hasSources: false).Should().BeNull();

    [Fact]
    public void Files_and_notes_are_joined_in_order_also_of_a_sub_stage_that_ran_twice_or_left_no_note()
    {
        string[] files = [KeptScript.FileName(1, "get_sources"), KeptScript.FileName(2, "clear_worktree"), KeptScript.FileName(3, "get_sources"), KeptScript.FileName(4, "step_a/b")];
        ScriptRecord[] notes = [new("get_sources", 1, 128, null), new("get_sources", 1, 0, null), new(ScriptRecord.Name("step_a/b"), 1, null, "VMX1401")];

        KeptScript.Join(files, notes).Should().Equal(
            new KeptScript("get_sources", "001-get_sources", 128, null),
            new KeptScript("clear_worktree", "002-clear_worktree", null, null),
            new KeptScript("get_sources", "003-get_sources", 0, null),
            new KeptScript("step_a?b", "004-step_a_b", null, "VMX1401"));
    }

    [Fact]
    public void A_record_is_read_as_it_was_written_and_nothing_else_is_one()
    {
        var job = Job("abc-1-ffffff", 0);

        KeptJob.TryParse(job.ToJson()).Should().BeEquivalentTo(job);
        KeptJob.TryParse("{}").Should().BeNull();
        KeptJob.TryParse("half").Should().BeNull();
    }

    private static KeptJob Job(string key, int minutesAgo)
    {
        var kept = DateTimeOffset.UnixEpoch.AddMinutes(-minutesAgo);
        string[] subStages =
            ["prepare_script", "get_sources", "restore_cache", "build_script", "after_script", "step_x?", "archive_cache_on_failure", "upload_artifacts_on_failure", "cleanup_file_variables"];
        return new KeptJob
        {
            Key = key,
            JobId = 1,
            Image = "small",
            Kept = kept,
            Expires = kept.AddHours(1),
            Scripts = [.. subStages.Select((name, i) => new KeptScript(name, KeptScript.FileName(i + 1, name), name == "build_script" ? 1 : 0, null))],
        };
    }
}
