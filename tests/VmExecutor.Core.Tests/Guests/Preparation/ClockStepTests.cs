using FluentAssertions;
using VmExecutor.Core.Guests.Preparation;
using Xunit;

namespace VmExecutor.Core.Tests.Guests.Preparation;

/// <summary>The largest error that a clock may have, from what is known of it. Times in milliseconds after the guest was told.</summary>
public sealed class ClockStepTests
{
    [Theory]
    [InlineData(0, 0, 300, 300)] // the guest set it at once, and the answer took all the time: or it got the text just before it answered
    [InlineData(0, 200, 300, 100)] // the guest says it was at work for 200
    [InlineData(0, 300, 300, 0)]
    [InlineData(150, 150, 300, 150)] // what was added for the way may be too much
    [InlineData(150, 350, 1000, 650)]
    [InlineData(0, 305, 300, 5)]
    public void A_clock_is_off_at_most_by_what_lies_between_question_and_answer(int told, int clock, int received, int error) =>
        Step(told, received).LargestError(At(clock)).Should().Be(TimeSpan.FromMilliseconds(error));

    [Theory]
    [InlineData(-3_600_000, 3_600_300)] // the template's time: it was not set
    [InlineData(3_600_000, 3_599_700)] // another program set it
    [InlineData(-1, 301)]
    public void A_clock_that_shows_another_time_is_off_by_what_it_shows(int clock, int error) =>
        Step(0, 300).LargestError(At(clock)).Should().Be(TimeSpan.FromMilliseconds(error));

    [Theory]
    [InlineData(0, 0, 300, 150)]
    [InlineData(0, 200, 300, 50)]
    [InlineData(100, 300, 500, 150)]
    [InlineData(0, 400, 300, 0)]
    public void The_next_time_half_the_way_is_added(int told, int clock, int received, int lead) =>
        Step(told, received).NextLead(At(clock)).Should().Be(TimeSpan.FromMilliseconds(lead));

    private static DateTimeOffset At(int milliseconds) => Given.Now + TimeSpan.FromMilliseconds(milliseconds);

    private static ClockStep Step(int told, int received) => new(At(0), At(told), At(received));
}
