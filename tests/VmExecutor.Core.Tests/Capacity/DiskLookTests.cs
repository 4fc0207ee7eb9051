using FluentAssertions;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Capacity;

public sealed class DiskLookTests
{
    private const long MiB = 1L << 20;
    private static readonly JobKey Job = new("https://gitlab.example.com", "abc", 1);
    private static readonly JobKey Other = new("https://gitlab.example.com", "abc", 2);

    [Theory]
    [InlineData(64, null, false)]
    [InlineData(64, 64L, false)]
    [InlineData(65, 64L, true)]
    public void A_job_may_write_what_its_image_allows(long written, long? allowed, bool tooLarge) =>
        (Look(written, free: null) with { AllowedBytes = allowed * MiB }).IsTooLarge.Should().Be(tooLarge);

    [Theory]
    [InlineData(100, 1024L, false, "at the watermark")]
    [InlineData(100, 1023L, true, "below it")]
    [InlineData(16, 10L, false, "not the one that fills the disk")]
    [InlineData(100, null, false, "the free room is not known")]
    public void A_disk_is_short_below_the_watermark(long written, long? free, bool expected, string because) =>
        Look(written, free).IsShort.Should().Be(expected, because);

    [Fact]
    public void Of_all_that_write_exactly_one_is_the_largest_also_of_equals()
    {
        (JobKey Job, long)[] equal = [(Job, 100 * MiB), (Other, 100 * MiB)];

        var claims = equal.Select(one => (Look(100, 0) with { Job = one.Job }).IsLargestOf(equal));

        claims.Should().ContainSingle(largest => largest);
        Look(100, 0).IsLargestOf([]).Should().BeTrue();
        Look(100, 0).IsLargestOf([(Other, (100 * MiB) + 1)]).Should().BeFalse();
        Look(100, 0).IsLargestOf([(Other, (100 * MiB) - 1)]).Should().BeTrue();
    }

    [Fact]
    public void Both_failures_say_numbers_and_who_can_change_them()
    {
        var tooLarge = DiskFailures.TooLarge(Look(5222, 0) with { AllowedBytes = 5120 * MiB }, "debian");
        var passed = DiskFailures.WatermarkPassed(Look(5222, 900), new AbsolutePath("/state"));

        tooLarge.Message.Should().Contain("5.1GiB").And.Contain("5GiB that image 'debian' allows");
        tooLarge.Hint.Should().Contain("max_overlay");
        passed.Message.Should().Contain("900MiB are free in /state").And.Contain("1GiB").And.Contain("5.1GiB");
        passed.Hint.Should().Contain("max_overlay");
    }

    [Fact]
    public void Scripts_that_come_later_fail_for_the_same_reason_and_of_the_same_kind()
    {
        var build = StopRecord.Of(DiskFailures.TooLarge(Look(2, 0) with { AllowedBytes = MiB }, "debian"), 1);
        var system = StopRecord.Of(DiskFailures.WatermarkPassed(Look(2, 0), new AbsolutePath("/state")), 1);

        build.ToFailure().Should().BeOfType<BuildFailureException>().Which.Code.Should().Be(ErrorCodes.OverlayTooLarge);
        system.ToFailure().Should().BeOfType<SystemFailureException>().Which.Code.Should().Be(ErrorCodes.DiskWatermarkPassed);
        build.ToFailure().Message.Should().Contain("stopped by an earlier script").And.Contain("image 'debian'");
        build.Reason.Should().Be("VMX1015");
        (build with { Code = -1 }).ToFailure().Should().BeOfType<BuildFailureException>("a damaged record is no reason to be another failure");
    }

    private static DiskLook Look(long written, long? free) => new()
    {
        Job = Job,
        WrittenBytes = written * MiB,
        AllowedBytes = null,
        FreeBytes = free * MiB,
        Watermark = ByteSize.FromMebibytes(1024),
    };
}
