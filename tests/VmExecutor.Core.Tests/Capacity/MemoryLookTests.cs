using FluentAssertions;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Jobs;
using Xunit;

namespace VmExecutor.Core.Tests.Capacity;

public sealed class MemoryLookTests
{
    private static readonly DateTimeOffset Made = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_youngest_of_those_that_have_much_more_than_was_kept_for_them_goes_and_no_other()
    {
        MemoryLook[] all = [Look(1, 0, excess: 50), Look(2, 3, excess: 40), Look(3, 9, excess: 0), Look(4, 3, excess: 30)];

        all.Where(look => look.MustGo(all)).Should().ContainSingle().Which.Made.Should().Be(Made.AddMinutes(3));
    }

    [Fact]
    public void A_young_job_that_is_a_little_over_does_not_go_for_an_older_one_that_took_all()
    {
        MemoryLook[] all = [Look(1, 0, excess: 1000), Look(2, 9, excess: 10)];

        all.Should().ContainSingle(look => look.MustGo(all)).Which.Made.Should().Be(Made);
    }

    [Fact]
    public void No_job_goes_where_all_keep_to_what_was_kept_for_them()
    {
        MemoryLook[] all = [Look(1, 0, excess: 0), Look(2, 1, excess: -5)];

        all.Should().NotContain(look => look.MustGo(all));
    }

    [Fact]
    public void Exactly_one_goes_whatever_they_have_as_long_as_one_has_too_much()
    {
        var random = new Random(19);
        for (var round = 0; round < 1000; round++)
        {
            var all = Enumerable.Range(1, random.Next(1, 8)).Select(id => Look(id, random.Next(4), random.Next(-3, 6))).ToList();

            all.Count(look => look.MustGo(all)).Should().Be(all.Any(look => look.ExcessBytes > 0) ? 1 : 0);
        }
    }

    /// <summary>
    /// Jobs take memory at random on a host that is short of it, also for good: some keep to what was kept for them, some are a little over, and some take much more.
    /// </summary>
    [Fact]
    public void As_long_as_a_job_that_took_much_more_has_its_VM_no_other_goes_and_one_that_keeps_to_its_share_never()
    {
        var random = new Random(1914);
        for (var round = 0; round < 500; round++)
        {
            var jobs = Enumerable.Range(1, random.Next(2, 10)).Select(id => (Id: id, Minute: random.Next(5), Kind: random.Next(3), Excess: 0L)).ToList();
            for (var step = 0; step < 40; step++)
            {
                jobs = [.. jobs.Select(job => job with { Excess = job.Kind switch { 0 => -random.Next(50), 1 => random.Next(10), _ => Math.Max(job.Excess, 100) + random.Next(50) } })];
                var looks = jobs.Select(job => Look(job.Id, job.Minute, job.Excess)).ToList();

                var gone = jobs.Where((_, index) => looks[index].MustGo(looks)).ToList();

                gone.Should().HaveCountLessThanOrEqualTo(1);
                gone.Should().NotContain(job => job.Kind == 0).And.NotContain(job => job.Kind == 1 && jobs.Exists(other => other.Kind == 2));
                gone.Should().NotContain(job => job.Excess < jobs.Max(other => other.Excess) / 2);
                jobs = [.. jobs.Except(gone)];
            }

            jobs.Should().NotContain(job => job.Kind != 0 && job.Excess > 0, "on a host that stays short all that are over have gone, one after the other");
        }
    }

    private static MemoryLook Look(long id, int minute, long excess) => new()
    {
        Job = new JobKey("https://gitlab.example.com", "abc", id),
        Made = Made.AddMinutes(minute),
        ReservedBytes = 100,
        HostMemoryBytes = 100 + excess,
    };
}
