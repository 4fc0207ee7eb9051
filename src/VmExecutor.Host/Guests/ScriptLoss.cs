using System.Globalization;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Guests;

/// <summary>A script's session was found lost before the script's end was seen: made at that moment.</summary>
/// <param name="Clock">The host's.</param>
/// <param name="Began">The clock's timestamp at the start of the script.</param>
internal sealed record ScriptLoss(TimeProvider Clock, long Began)
{
    private readonly long _found = Clock.GetTimestamp();
    private readonly DateTimeOffset _at = Clock.GetUtcNow();

    /// <summary>The time since it was found lost.</summary>
    public TimeSpan Ago => Clock.GetElapsedTime(_found);

    /// <summary>The beginning of a message.</summary>
    public string Sentence(GuestAccess access)
    {
        var into = Clock.GetElapsedTime(Began, _found);
        var rounded = into < TimeSpan.FromSeconds(1) ? into : TimeSpan.FromSeconds(Math.Floor(into.TotalSeconds));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"the connection to the guest {access} was lost while the script ran, at {_at.UtcDateTime:HH:mm:ss} UTC, {DurationText.Format(rounded)} after it began");
    }
}
