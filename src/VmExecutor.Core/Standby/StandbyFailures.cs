using VmExecutor.Core.Values;

namespace VmExecutor.Core.Standby;

/// <summary>
/// Clones of one size of an image that were started to wait for jobs and could not be made ready, in a row. Each attempt costs the host a boot, so fills
/// pause for the image after some of them, for a time that grows with each further one.
/// </summary>
/// <param name="Count">How many.</param>
/// <param name="Last">The time of the last one.</param>
/// <param name="Of">The fingerprint of what was tried: generation, machine, YAML and driver. Another one is tried at once.</param>
/// <param name="Why">The reason of the last one.</param>
public sealed record StandbyFailures(int Count, DateTimeOffset Last, string Of, string Why)
{
    /// <summary>So many in a row are tried again by the next fill.</summary>
    public const int Tolerated = 3;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(4);

    /// <summary>The pause after the last one; zero: there is none.</summary>
    public TimeSpan Pause => Count < Tolerated ? TimeSpan.Zero
        : FirstPause * Math.Pow(2, Math.Min(Count - Tolerated, 16)) is var grown && grown < LongestPause ? grown : LongestPause;

    /// <summary>The end of the pause; null: there is none.</summary>
    public DateTimeOffset? Until => Pause > TimeSpan.Zero ? Last + Pause : null;

    /// <summary>One more failure; the first one when something else was tried.</summary>
    public static StandbyFailures After(StandbyFailures? earlier, string of, DateTimeOffset now, string why) =>
        new(earlier?.Of == of ? earlier.Count + 1 : 1, now, of, why);

    /// <summary>True: a fill leaves it out. A clock that was set back ends the pause.</summary>
    public bool PausesAt(DateTimeOffset now, string of) => Of == of && now >= Last && now < Until;

    /// <summary>The words for people.</summary>
    /// <param name="image">The image.</param>
    /// <param name="now">The time.</param>
    public string Text(ImageName image, DateTimeOffset now) =>
        $"{Count} in a row could not be made, so fills leave it out for {DurationText.Format(TimeSpan.FromSeconds(Math.Ceiling((Last + Pause - now).TotalSeconds)))} more ('standby fill --image {image}' tries at once): {Why}";
}
