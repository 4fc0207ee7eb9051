using FluentAssertions;
using VmExecutor.Core.Jobs;
using Xunit;

namespace VmExecutor.Core.Tests.Jobs;

public sealed class JobUsageTests
{
    [Theory]
    [InlineData(432L << 20, 3.4, 52L << 20, "The VM used at most 432MiB of memory and 3.4 s of CPU time, and wrote 52MiB to its disk")]
    [InlineData(null, 3.4, 52L << 20, "The VM used 3.4 s of CPU time, and wrote 52MiB to its disk")]
    [InlineData(null, null, 0L, "The VM wrote 0B to its disk")]
    [InlineData(1L << 30, null, null, "The VM used at most 1GiB of memory")]
    [InlineData(null, null, null, null)]
    public void What_is_known_is_one_sentence(long? memory, double? cpu, long? disk, string? sentence) =>
        new JobUsage(memory, cpu is { } seconds ? TimeSpan.FromSeconds(seconds) : null, disk).ToSentence().Should().Be(sentence);
}
