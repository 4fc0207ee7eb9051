using FluentAssertions;
using VmExecutor.Core.Guests;
using Xunit;

namespace VmExecutor.Core.Tests.Guests;

public sealed class GuestClockTests
{
    private static readonly DateTimeOffset Asked = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    [Theory]
    [InlineData("vmx-clock:1800000000\n", 0)]
    [InlineData("noise\nvmx-clock:1800000045\r\n", 0)]
    [InlineData("vmx-clock:1800000060\n", 0)]
    [InlineData("vmx-clock:1800003660\n", 3600)]
    [InlineData("vmx-clock:1799996400\n", -3600)]
    [InlineData("vmx-clock:0\n", -1_800_000_000)]
    [InlineData("vmx-clock:\n", 0)]
    [InlineData("vmx-clock:999999999999999999\n", 0)]
    [InlineData("vmx-clock:%s\n", 0)]
    [InlineData("", 0)]
    public void A_clock_is_off_by_what_neither_question_nor_answer_explains(string output, int seconds) =>
        GuestClock.Off(output, Asked, Asked + TimeSpan.FromSeconds(60)).Should().Be(TimeSpan.FromSeconds(seconds));

    [Theory]
    [InlineData(3600, true)]
    [InlineData(-3600, true)]
    [InlineData(20_700 + 12, true)]
    [InlineData(-3600 - 20, true)]
    [InlineData(50_400, true)]
    [InlineData(0, false)]
    [InlineData(40, false)]
    [InlineData(3600 + 120, false)]
    [InlineData(54_000, false)]
    [InlineData(-1_800_000_000, false)]
    public void Quarters_of_an_hour_look_like_a_time_zone(int seconds, bool isZone) =>
        GuestClock.Fix(TimeSpan.FromSeconds(seconds)).StartsWith("So much is a time zone", StringComparison.Ordinal).Should().Be(isZone);

    [Fact]
    public void Only_root_sets_it_without_sudo()
    {
        GuestClock.Set(new GuestUser("root"), Asked).Should().StartWith("date -u -s @1800000000 ");
        GuestClock.Set(new GuestUser("ci"), Asked).Should().StartWith("sudo -n date -u -s @1800000000 ");
    }
}
