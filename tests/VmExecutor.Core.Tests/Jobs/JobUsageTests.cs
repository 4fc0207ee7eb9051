using FluentAssertions;
using VmExecutor.Core.Jobs;
using Xunit;

namespace VmExecutor.Core.Tests.Jobs;

public sealed class JobUsageTests
{
    [Theory]
    [InlineData(212L << 20, 3.4, 52L << 20, "The VM used at most 212MiB of its 256MiB of memory and 3.4 s of CPU time, and wrote 52MiB to its disk")]
    [InlineData(null, 3.4, 52L << 20, "The VM used 3.4 s of CPU time, and wrote 52MiB to its disk")]
    [InlineData(null, null, 0L, "The VM wrote 0B to its disk")]
    [InlineData(1L << 28, null, null, "The VM used at most 256MiB of its 256MiB of memory")]
    [InlineData(null, null, null, null)]
    public void The_known_usage_is_one_sentence(long? memory, double? cpu, long? disk, string? sentence) =>
        new JobUsage(memory is { } used ? new GuestMemoryUse(used, 256L << 20) : null, cpu is { } seconds ? TimeSpan.FromSeconds(seconds) : null, disk).ToSentence().Should().Be(sentence);

    [Theory]
    [InlineData(7, 0L, "The VM wrote 0B to its disk, and was refused 7 times by its egress policy")]
    [InlineData(1, null, "The VM was refused 1 time by its egress policy")]
    [InlineData(0, 0L, "The VM wrote 0B to its disk")]
    public void Refusals_are_told_where_there_are_any(long refused, long? disk, string sentence) =>
        new JobUsage(null, null, disk) { Refused = refused }.ToSentence().Should().Be(sentence);

    [Fact]
    public void All_that_is_known_is_one_sentence() =>
        new JobUsage(new GuestMemoryUse(95 << 20, 256 << 20), TimeSpan.FromSeconds(3.4), 52 << 20) { Refused = 2 }.ToSentence()
            .Should().Be("The VM used at most 95MiB of its 256MiB of memory and 3.4 s of CPU time, wrote 52MiB to its disk, and was refused 2 times by its egress policy");

    [Theory]
    [InlineData(100L, 559L, 256L, 100L)]
    [InlineData(null, 559L, 256L, 256L)]
    [InlineData(null, 120L, 256L, 120L)]
    [InlineData(100L, 559L, null, null)]
    [InlineData(null, null, 256L, null)]
    public void A_guest_never_used_more_than_it_has(long? touched, long? qemu, long? all, long? used) =>
        GuestMemoryUse.Of(touched, qemu, all)?.UsedBytes.Should().Be(used);
}
