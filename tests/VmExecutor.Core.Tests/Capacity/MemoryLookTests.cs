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

    private static MemoryLook Look(long id, int minute, long excess) => new()
    {
        Job = new JobKey("https://gitlab.example.com", "abc", id),
        Made = Made.AddMinutes(minute),
        ReservedBytes = 100,
        HostMemoryBytes = 100 + excess,
    };
}
