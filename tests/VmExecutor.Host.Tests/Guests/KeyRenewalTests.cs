using FluentAssertions;
using VmExecutor.Core.Guests;
using VmExecutor.Host.Processes;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>New session keys for the kept connection, as the server's log tells of them.</summary>
public sealed class KeyRenewalTests(KeyRenewalTests.Fixture sshd) : GuestTest(sshd), IClassFixture<KeyRenewalTests.Fixture>
{
    public sealed class Fixture : SshdFixture
    {
        protected override string MoreConfiguration() => "LogLevel DEBUG1";
    }

    [Fact(Timeout = 60_000)]
    public async Task The_connection_has_new_keys_when_the_answer_is_there_and_stays_the_same_connection()
    {
        var master = SshdFixture.Connections(Job).Should().ContainSingle().Which;
        var before = await ExchangesAsync();

        (await Guest.RenewKeysAsync(Job, Cancellation)).Should().BeTrue();

        SshdFixture.Connections(Job).Should().ContainSingle().Which.Should().Be(master);
        (await ExchangesAsync()).Should().Be(before + 1);
        (await RunAsync("echo still here")).Should().Be((0, "still here\n", ""));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_connection_that_is_gone_has_no_new_keys()
    {
        UnixSignal.Send(SshdFixture.Connections(Job).Single(), UnixSignal.Kill);

        (await Guest.RenewKeysAsync(Job, Cancellation)).Should().BeFalse();
    }

    [Theory]
    [InlineData("vmx-typed:done\r\n", true)]
    [InlineData("done\r\nvmx-typed:done\r\n", true)]
    [InlineData("vmx-typed:~Rdone\r\n", false)]
    [InlineData("", false)]
    public void An_escape_that_reached_the_guest_has_renewed_nothing(string answer, bool isDone) =>
        KeyRenewal.IsDone(answer).Should().Be(isDone);

    /// <summary>The number of times that the server has taken new keys into use, over all connections.</summary>
    private async Task<int> ExchangesAsync() =>
        (await System.IO.File.ReadAllTextAsync(Sshd.ServerLog, Cancellation)).Split("SSH2_MSG_NEWKEYS received").Length;
}
