using FluentAssertions;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Capacity;

/// <summary>A host of 8 GiB with 6 GiB available and 20 GiB of disk free, of which 1 GiB and 4 GiB are kept; a job that wants 2 GiB.</summary>
public sealed class CapacityLookTests
{
    private const long GiB = 1L << 30;
    private static readonly AbsolutePath State = new("/var/lib/vm-executor");
    private static readonly AbsolutePath File = new("/etc/vm-executor.yaml");
    private static readonly JobKey Job = new("https://gitlab.example.com", "abc", 1);

    public static TheoryData<string, CapacityLook, Shortage?> Looks { get; } = new()
    {
        { "an empty host", Look(), null },
        { "one of two VMs", Look(most: 2, claims: [Grown()]), null },
        { "both VMs", Look(most: 2, claims: [Grown(), Grown()]), Shortage.Vms },
        { "a user for each VM, and one is free", Look() with { Users = 2 }, null },
        { "a user for each VM, and all are taken", Look() with { Users = 2, FreeUsers = 0 }, Shortage.Users },
        { "a VM of an older driver takes a place too", Look(most: 1, claims: [new LiveClaim(0, GiB, false)]), Shortage.Vms },
        { "a promise that is not taken yet", Look(claims: [new LiveClaim(3 * GiB, 0, false)]), null },
        { "one byte more than fits", Look(claims: [new LiveClaim((3 * GiB) + 1, 0, false)]), Shortage.Memory },
        { "half of it taken already", Look(claims: [new LiveClaim(6 * GiB, 3 * GiB, false)]), null },
        { "a QEMU that took more than its promise gives no memory back", Look(claims: [new LiveClaim(GiB, 9 * GiB, false), new LiveClaim((3 * GiB) + 1, 0, false)]), Shortage.Memory },
        { "little memory really available, whatever was promised", Look(available: (3 * GiB) - 1), Shortage.Memory },
        { "disk at the headroom", Look(disk: 4 * GiB), null },
        { "disk below the headroom", Look(disk: (4 * GiB) - 1), Shortage.Disk },
        { "a file system that does not say", Look(disk: null), null },
        { "one start of two", Look(starts: 2, claims: [new LiveClaim(0, 0, true), Grown()]), null },
        { "both starts", Look(starts: 2, claims: [new LiveClaim(0, 0, true), new LiveClaim(0, 0, true)]), Shortage.Starts },
    };

    [Theory]
    [MemberData(nameof(Looks))]
    public void A_job_fits_or_what_is_in_its_way_is_named(string host, CapacityLook look, Shortage? expected) =>
        look.FindShortage().Should().Be(expected, host);

    [Fact]
    public void A_job_that_can_never_fit_is_known_at_once_and_no_other()
    {
        Look(need: 7 * GiB, available: 0).FindImpossibility().Should().BeNull("an empty host would have it");
        Look(need: (7 * GiB) + 1).FindImpossibility().Should().Be(Shortage.Memory);
        (Look() with { Host = new HostResources(8 * GiB, 6 * GiB, 3 * GiB, 3 * GiB) }).FindImpossibility().Should().Be(Shortage.Disk);
    }

    [Fact]
    public void A_waiting_job_says_what_for_and_how_many_are_ahead()
    {
        var look = Look(most: 2, starts: 4, claims: [Grown(), new LiveClaim(2 * GiB, GiB / 2, true)]);

        Said(Shortage.Memory, 3).Should().Be("waiting for 2GiB of memory (3.5GiB free for VMs): 3 jobs ahead");
        Said(Shortage.Vms, 1).Should().Be("waiting for a free VM (2 of 2 in use): 1 job ahead");
        (CapacityText.Waiting(Shortage.Users, look with { Users = 64 }, State, 0)).Should().StartWith("waiting for a free user for its VM (all 64 are taken; ");
        Said(Shortage.Starts, 0).Should().Be("waiting for a start to finish (1 of 4): next in line");
        Said(Shortage.Disk, 0).Should().Be("waiting for 4GiB of free disk in /var/lib/vm-executor (20GiB free): next in line");
        Said(null, 2).Should().Be("waiting for its turn: 2 jobs ahead");

        string Said(Shortage? shortage, int ahead) => CapacityText.Waiting(shortage, look, State, ahead);
    }

    [Fact]
    public void A_job_that_waited_too_long_is_told_all_numbers_and_the_keys()
    {
        var failure = CapacityFailures.WaitedTooLong(Job, Look(most: 2, claims: [Grown(), Grown()]), 1, State, File);

        failure.Code.Should().Be(ErrorCodes.CapacityExhausted);
        failure.Message.Should().ContainAll("30m", "1 still ahead", "2 of 2 in use", "2GiB needed", "6GiB available of 8GiB", "1GiB kept for the host", "20GiB free in /var/lib/vm-executor");
        failure.Hint.Should().ContainAll("/etc/vm-executor.yaml", "max_vms", "memory_headroom", "wait_for_capacity", "prepare_exec_timeout");
    }

    [Fact]
    public void A_job_that_can_never_fit_is_told_why()
    {
        CapacityFailures.NeverFits(Job, Shortage.Memory, Look(need: 9 * GiB), State, File).Should().Match<SystemFailureException>(failure =>
            failure.Code == ErrorCodes.CapacityNeverEnough && failure.Message.Contains("needs 9GiB") && failure.Message.Contains("has 8GiB") && failure.Hint.Contains("memory_headroom"));
        CapacityFailures.NeverFits(Job, Shortage.Disk, Look(), State, File).Hint.Should().Contain("disk_headroom");
    }

    [Theory]
    [InlineData(-1, "0B")]
    [InlineData(0, "0B")]
    [InlineData(1023, "1023B")]
    [InlineData(1024, "1KiB")]
    [InlineData((5 * GiB) + (GiB / 10), "5.1GiB")]
    [InlineData(GiB - 1, "1GiB")]
    [InlineData(5L << 50, "5120TiB")]
    public void A_measured_size_has_one_decimal(long bytes, string expected) => RoughSize.Of(bytes).Should().Be(expected);

    private static LiveClaim Grown() => new(GiB, GiB, false);

    private static CapacityLook Look(
        int? most = null, int? starts = null, long available = 6 * GiB, long? disk = 20 * GiB, long need = 2 * GiB, params LiveClaim[] claims) => new()
        {
            Limits = new LimitSettings { MaxVms = most, ParallelStarts = starts, MemoryHeadroom = new ByteSize(GiB) },
            Host = new HostResources(8 * GiB, available, 100 * GiB, disk),
            Claims = claims,
            NeededBytes = need,
        };
}
