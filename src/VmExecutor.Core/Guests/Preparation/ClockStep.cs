namespace VmExecutor.Core.Guests.Preparation;

/// <summary>One step of a guest's clock, all times by the host's clock.</summary>
/// <param name="SentAt">When the guest was told the time.</param>
/// <param name="Told">What it was told; later than <paramref name="SentAt"/> by the way there, as far as that is known.</param>
/// <param name="ReceivedAt">When the answer was there.</param>
public sealed record ClockStep(DateTimeOffset SentAt, DateTimeOffset Told, DateTimeOffset ReceivedAt)
{
    /// <summary>The most that a guest's clock may be off.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(0.5);

    /// <summary>
    /// The most that the guest's clock can be off. It was read before the answer came, so it is behind by at most the time from the
    /// reading to the answer. It was set after it was told, so it is ahead by at most the time that was added for the way.
    /// </summary>
    /// <param name="clock">As the guest read it after it was set.</param>
    public TimeSpan LargestError(DateTimeOffset clock)
    {
        var behind = ReceivedAt - clock;
        var ahead = Told - SentAt;

        // A clock that shows another time than it was set to has not been set, and is off by what it shows.
        return clock < Told ? Max((clock - ReceivedAt).Duration(), (clock - SentAt).Duration())
            : behind < TimeSpan.Zero ? Max(ahead, behind.Duration())
            : Max(ahead, behind);
    }

    /// <summary>Half of the time that the way there and back took: the best time to add at the next step.</summary>
    /// <param name="clock">As the guest read it after it was set.</param>
    public TimeSpan NextLead(DateTimeOffset clock) => Max(TimeSpan.Zero, (ReceivedAt - SentAt - (clock - Told)) / 2);

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
