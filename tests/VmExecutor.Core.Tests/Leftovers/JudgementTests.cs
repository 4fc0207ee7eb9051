using FluentAssertions;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Leftovers;
using VmExecutor.Core.Tests.Clones;
using Xunit;

namespace VmExecutor.Core.Tests.Leftovers;

public sealed class JudgementTests
{
    private static readonly OwnershipStamp Stamp = TestPlan.Stamp(TestPlan.For(TestPlan.Image()));
    private static readonly HostMoment Soon = TestPlan.Made with { SinceBoot = TestPlan.Made.SinceBoot + TimeSpan.FromMinutes(5) };

    [Fact]
    public void While_its_runner_lives_a_job_is_in_use()
    {
        Judge(Soon).Should().BeNull();
    }

    [Fact]
    public void A_runner_that_is_gone_leaves_its_jobs_behind()
    {
        Judge(Soon, runs: false).Should().Be(LeftoverReason.RunnerGone);
    }

    [Fact]
    public void A_directory_of_the_attempt_that_is_gone_means_that_the_attempt_is_over()
    {
        Judge(Soon, directory: false).Should().Be(LeftoverReason.TemporaryDirectoryGone);
    }

    [Fact]
    public void A_runner_that_named_no_directory_has_none_that_could_be_gone()
    {
        new Judgement(Soon, TestPlan.Now, RunnerRuns: true, TemporaryDirectoryExists: false, StateMayBeShared: false).Of(Stamp with { TemporaryDirectory = null }, kept: false).Should().BeNull();
    }

    [Theory]
    [InlineData(89, null)]
    [InlineData(91, LeftoverReason.TimeOver)]
    public void A_job_of_an_hour_is_over_half_an_hour_later(int minutes, LeftoverReason? reason)
    {
        Judge(TestPlan.Made with { SinceBoot = TestPlan.Made.SinceBoot + TimeSpan.FromMinutes(minutes) }).Should().Be(reason);
    }

    [Theory]
    [InlineData(-400)]
    [InlineData(400)]
    public void A_clock_that_was_stepped_by_days_ages_nothing(int days)
    {
        new Judgement(Soon, TestPlan.Now.AddDays(days), RunnerRuns: true, TemporaryDirectoryExists: true, StateMayBeShared: false).Of(Stamp, kept: false).Should().BeNull();
    }

    [Fact]
    public void After_a_restart_of_the_host_nothing_runs_whatever_has_the_runners_number_now()
    {
        Judge(Soon with { Boot = "another" }).Should().Be(LeftoverReason.HostRestarted);
    }

    [Fact]
    public void A_host_that_gets_another_name_keeps_its_jobs_and_still_sees_what_is_left()
    {
        var renamed = Soon with { Host = "by-dhcp" };

        Judge(renamed).Should().BeNull();
        Judge(renamed, runs: false).Should().Be(LeftoverReason.RunnerGone);
        Judge(renamed with { SinceBoot = renamed.SinceBoot + TimeSpan.FromHours(2) }).Should().Be(LeftoverReason.TimeOver);
    }

    /// <summary>After another boot the machine's id decides where both have one, else the name.</summary>
    [Theory]
    [InlineData("m1", "m1", "same", false, true)]
    [InlineData("m1", "m1", "renamed", false, true)]
    [InlineData("m1", "m1", "same", true, true)]
    [InlineData("m1", "m1", "renamed", true, false)] // two hosts made from one disk
    [InlineData("m1", "m2", "same", false, false)]
    [InlineData("m1", "m2", "same", true, false)] // two hosts named localhost
    [InlineData("m1", "m2", "renamed", true, false)]
    [InlineData(null, "m2", "same", false, true)]
    [InlineData("m1", null, "same", true, true)]
    [InlineData(null, null, "renamed", false, false)]
    public void Only_a_restart_of_this_very_host_ends_a_job_before_its_time(string? then, string? now, string name, bool shared, bool isRestart)
    {
        var stamp = Stamp with { Made = Stamp.Made with { Machine = then } };
        var moment = Soon with { Boot = "another", Machine = now, Host = name == "same" ? Soon.Host : name };

        new Judgement(moment, TestPlan.Now, RunnerRuns: true, TemporaryDirectoryExists: true, shared).Of(stamp, kept: false)
            .Should().Be(isRestart ? LeftoverReason.HostRestarted : null);
        new Judgement(moment, TestPlan.Now.AddMinutes(91), RunnerRuns: true, TemporaryDirectoryExists: true, shared).Of(stamp, kept: false)
            .Should().Be(isRestart ? LeftoverReason.HostRestarted : LeftoverReason.TimeOver);
    }

    [Fact]
    public void Another_host_that_shares_the_directory_is_left_alone_until_the_time_is_over()
    {
        var elsewhere = Soon with { Host = "another", Boot = "another" };

        Judge(elsewhere, runs: false, directory: false).Should().BeNull();
        new Judgement(elsewhere, TestPlan.Now.AddMinutes(91), false, false, StateMayBeShared: true).Of(Stamp, kept: false).Should().Be(LeftoverReason.TimeOver);
    }

    [Fact]
    public void Seen_from_another_process_namespace_numbers_and_directories_mean_nothing()
    {
        Judge(Soon with { Processes = "pid:[1]" }, runs: false, directory: false).Should().BeNull();
    }

    [Fact]
    public void A_VM_that_is_to_be_kept_outlives_its_runner_but_not_its_time()
    {
        Judge(Soon, runs: false, directory: false, kept: true).Should().BeNull();
        Judge(Soon with { SinceBoot = Soon.SinceBoot + TimeSpan.FromHours(2) }, kept: true).Should().Be(LeftoverReason.TimeOver);
    }

    [Fact]
    public void Every_reason_has_a_text_and_a_name_of_its_own()
    {
        var reasons = Enum.GetValues<LeftoverReason>();

        reasons.Select(LeftoverText.Describe).Should().OnlyHaveUniqueItems();
        reasons.Select(LeftoverText.Name).Should().OnlyHaveUniqueItems().And.OnlyContain(name => name.All(c => char.IsAsciiLetterLower(c) || c == '_'));
    }

    private static LeftoverReason? Judge(HostMoment now, bool runs = true, bool directory = true, bool kept = false) =>
        new Judgement(now, TestPlan.Now, runs, directory, StateMayBeShared: false).Of(Stamp, kept);
}
