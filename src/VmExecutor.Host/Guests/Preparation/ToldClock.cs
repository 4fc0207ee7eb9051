using VmExecutor.Core.Guests.Preparation;

namespace VmExecutor.Host.Guests.Preparation;

/// <summary>Tells a guest the time, again and again until its answer has come soon enough to prove that its clock is right.</summary>
/// <param name="time">The host's clock.</param>
/// <param name="limit">The time limit.</param>
internal sealed class ToldClock(TimeProvider time, TimeSpan limit)
{
    // Two looks at the wall clock would count a step of the host's own clock between them as the guest's.
    private readonly DateTimeOffset _wall = time.GetUtcNow();
    private readonly long _began = time.GetTimestamp();
    private TimeSpan? _asked;

    /// <summary>The last time that was told.</summary>
    public ClockStep Step { get; private set; } = new(default, default, default);

    /// <summary>The answer to a line of the guest's; null: none.</summary>
    public string? Answer(string line)
    {
        var passed = time.GetElapsedTime(_began);
        if (line == IdentityFacts.AsksForTime)
        {
            _asked = passed;
            return Tell(passed, TimeSpan.Zero);
        }

        if (_asked is not { } asked || IdentityFacts.ClockIn(line) is not { } clock)
        {
            return null;
        }

        Step = Step with { ReceivedAt = _wall + passed };
        return Step.LargestError(clock) <= ClockStep.Tolerance || passed - asked > limit
            ? IdentityScript.Enough
            : Tell(passed, Step.NextLead(clock));
    }

    private string Tell(TimeSpan passed, TimeSpan lead)
    {
        var now = _wall + passed;
        Step = new ClockStep(now, now + lead, default);
        return IdentityScript.Time(now + lead);
    }
}
