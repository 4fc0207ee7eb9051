using FluentAssertions;
using VmExecutor.Core.Tests.Values;
using VmExecutor.Host.Guests;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>ssh's log as a guest can make it: its server's words are among ssh's.</summary>
public sealed class HostileLogTests
{
    [Fact]
    public void Any_log_gives_a_line_of_evidence_that_is_printable_and_short() =>
        ForAny.Value(HostileText.Any, log => ShouldBeShort(SshFailure.From(log)));

    [Theory(Timeout = 60_000)]
    [InlineData("Load key \"")]
    [InlineData("Identity file ")]
    [InlineData("host key is known for ")]
    [InlineData("Received disconnect ")]
    [InlineData("x")]
    [InlineData("\u001b]0;title\u0007")]
    [InlineData("\n")]
    public async Task Ten_megabytes_of_one_phrase_are_sorted_in_time(string phrase)
    {
        var log = string.Concat(Enumerable.Repeat(phrase, 10_000_000 / phrase.Length));

        ShouldBeShort(await Task.Run(() => SshFailure.From(log)));
    }

    private static void ShouldBeShort(SshFailure failure)
    {
        failure.Evidence.Should().NotBeEmpty().And.NotContainAny("\n", "\u001b", "\u0007", "\u202e");
        failure.Evidence.Length.Should().BeLessThanOrEqualTo(8 * 1001);
    }
}
