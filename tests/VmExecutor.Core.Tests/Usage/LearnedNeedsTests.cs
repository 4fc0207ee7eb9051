using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Usage;
using Xunit;

namespace VmExecutor.Core.Tests.Usage;

public sealed class LearnedNeedsTests
{
    private const long Mebibyte = 1 << 20;
    private static readonly DateTimeOffset Now = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    private static readonly JobKind Build = new("group/project", "build", "base", 2048 * Mebibyte, IsWoken: false);

    [Theory]
    [InlineData(4, null)]
    [InlineData(5, 105L)]
    [InlineData(30, 130L)]
    public void The_most_of_the_last_runs_is_known_after_five(int runs, long? most)
    {
        var needs = LearnedNeeds.Empty();
        foreach (var number in Enumerable.Range(1, runs))
        {
            needs.Count(Entry(100 + number));
        }

        needs.MostOf(Build).Should().Be(most * Mebibyte);
        LearnedNeeds.TryParse(needs.ToJson()).Should().BeEquivalentTo(needs);
    }

    [Fact]
    public void A_large_run_is_forgotten_after_twenty_smaller_ones()
    {
        var needs = LearnedNeeds.Empty();
        foreach (var mebibytes in Enumerable.Repeat(100, LearnedNeeds.Runs - 1).Prepend(900))
        {
            needs.Count(Entry(mebibytes));
        }

        needs.MostOf(Build).Should().Be(900 * Mebibyte);
        needs.Count(Entry(100));
        needs.MostOf(Build).Should().Be(100 * Mebibyte);
    }

    [Fact]
    public void Runs_that_were_not_measured_or_are_no_jobs_of_a_project_say_nothing()
    {
        var needs = LearnedNeeds.Empty();
        foreach (var _ in Enumerable.Range(1, LearnedNeeds.FewestRuns))
        {
            needs.Count(Entry(100) with { HostMemoryBytes = null });
            needs.Count(Entry(100) with { MemoryBytes = null });
            needs.Count(Entry(100) with { Project = null });
            needs.Count(Entry(100) with { JobName = null });
            needs.Count(Entry(100) with { Image = null });
            needs.Count(Entry(100) with { Start = null });
        }

        needs.Jobs.Should().BeEmpty();
    }

    [Fact]
    public void Another_size_another_name_another_image_and_another_kind_of_start_have_a_history_of_their_own()
    {
        var needs = LearnedNeeds.Empty();
        foreach (var _ in Enumerable.Range(1, LearnedNeeds.FewestRuns))
        {
            needs.Count(Entry(100));
            needs.Count(Entry(40) with { Start = "warm" });
            needs.Count(Entry(50) with { Start = "standby", StandbyMadeAs = "warm" });
            needs.Count(Entry(110) with { Start = "standby", StandbyMadeAs = "cold" });
        }

        needs.MostOf(Build).Should().Be(110 * Mebibyte);
        needs.MostOf(Build with { IsWoken = true }).Should().Be(50 * Mebibyte);
        needs.MostOf(Build with { MemoryBytes = 4096 * Mebibyte }).Should().BeNull();
        needs.MostOf(Build with { JobName = "test" }).Should().BeNull();
        needs.MostOf(Build with { Project = "group/other" }).Should().BeNull();
        needs.MostOf(Build with { Image = "other" }).Should().BeNull();
    }

    [Fact]
    public void A_run_that_failed_counts_only_where_it_took_more_than_those_before_it()
    {
        var needs = LearnedNeeds.Empty();
        needs.Count(Entry(900) with { Result = "failed" });
        needs.Jobs.Should().BeEmpty("nothing is known of a whole run");
        Enumerable.Range(1, LearnedNeeds.FewestRuns).ToList().ForEach(_ => needs.Count(Entry(100)));

        Enumerable.Range(1, LearnedNeeds.Runs).ToList().ForEach(_ => needs.Count(Entry(20) with { Result = "failed" }));
        needs.MostOf(Build).Should().Be(100 * Mebibyte, "runs that broke off do not make it smaller");
        needs.Count(Entry(300) with { Result = "failed" });
        needs.MostOf(Build).Should().Be(300 * Mebibyte);
    }

    [Theory]
    [InlineData("VMX1514", null)]
    [InlineData("timeout", "VMX1514")]
    public void A_run_that_was_stopped_for_its_memory_counts_with_its_whole_VM_so_its_retry_is_not_stopped_again(string reason, string? ofScript)
    {
        var needs = LearnedNeeds.Empty();
        Enumerable.Range(1, LearnedNeeds.FewestRuns).ToList().ForEach(_ => needs.Count(Entry(100)));

        needs.Count(Entry(300) with { Result = "failed", Reason = reason, HostMemoryBytes = null, Scripts = [new ScriptRecord("build_script", 1, null, ofScript)] });

        needs.MostOf(Build).Should().Be(Build.MemoryBytes);
        Reservation.Of(new ClaimRecord(Build.MemoryBytes, 1), needs.MostOf(Build), new LimitSettings { Reserve = ReserveMode.Learned }).LearnedBytes.Should().BeNull();
    }

    [Fact]
    public void The_job_that_ran_longest_ago_is_forgotten_first()
    {
        var needs = LearnedNeeds.Empty();
        for (var number = 0; number <= LearnedNeeds.Most; number++)
        {
            needs.Count(Entry(100) with { JobName = $"job {number}", Removed = Now.AddMinutes(number == 7 ? -1 : number) });
        }

        needs.Jobs.Should().HaveCount(LearnedNeeds.Most);
        Enumerable.Range(1, 4).ToList().ForEach(_ => needs.Count(Entry(100) with { JobName = "job 7" }));
        needs.MostOf(Build with { JobName = "job 7" }).Should().BeNull("its first run is forgotten");
    }

    [Theory]
    [InlineData(ReserveMode.Declared, 100L, null)]
    [InlineData(ReserveMode.Learned, null, null)]
    [InlineData(ReserveMode.Learned, 400L, 500.0)]
    [InlineData(ReserveMode.Learned, 10L, 256.0)]
    [InlineData(ReserveMode.Learned, 819L, 1023.75)]
    [InlineData(ReserveMode.Learned, 820L, null)]
    [InlineData(ReserveMode.Learned, 9999L, null)]
    public void As_much_as_was_learned_is_kept_with_a_margin_not_less_than_the_floor_and_never_more_than_the_VM_has(ReserveMode mode, long? most, double? reserved)
    {
        var claim = Reservation.Of(new ClaimRecord(1024 * Mebibyte, 2), most * Mebibyte, new LimitSettings { Reserve = mode });

        claim.LearnedBytes.Should().Be(reserved is { } known ? (long)(known * Mebibyte) : null);
        claim.ReservedBytes.Should().Be(claim.LearnedBytes ?? (1024 * Mebibyte));
        claim.MemoryBytes.Should().Be(1024 * Mebibyte, "the VM is as large as before");
    }

    private static LedgerEntry Entry(long mebibytes) => new()
    {
        Job = "abc-1-ffffff",
        JobName = "build",
        Project = "group/project",
        Image = "base",
        Result = "success",
        RemovedBy = "cleanup",
        Removed = Now,
        CleanupSeconds = 1,
        Start = "cold",
        MemoryBytes = Build.MemoryBytes,
        HostMemoryBytes = mebibytes * Mebibyte,
        RemovedParts = [],
    };
}
