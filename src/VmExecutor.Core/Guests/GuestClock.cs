using System.Globalization;
using System.Text.RegularExpressions;

namespace VmExecutor.Core.Guests;

/// <summary>
/// Finds out how much a guest's clock is off, and sets it. A clone has no time for NTP before its job begins, and a clock that is off makes certificates,
/// package lists and build tools fail in ways that do not name it.
/// </summary>
public static partial class GuestClock
{
    /// <summary>A clone that is off by more than this makes certificates and build tools fail.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan ZoneStep = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan LargestZone = TimeSpan.FromHours(14);

    /// <summary>Shell text; prints <c>vmx-clock:</c> and the seconds since 1970.</summary>
    internal const string Question = """echo "vmx-clock:$(date +%s)" """;

    /// <summary>Shell text; sets the clock as root, if the account may become root, and prints the clock afterwards.</summary>
    /// <param name="user">The account that the text runs under.</param>
    /// <param name="now">The time.</param>
    public static string Set(GuestUser user, DateTimeOffset now) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(user.Value == "root" ? "" : "sudo -n ")}date -u -s @{now.ToUnixTimeSeconds()} >/dev/null 2>&1 </dev/null\n{Question}");

    /// <summary>The clock in an answer; null: the guest does not tell it.</summary>
    public static DateTimeOffset? Read(string output) =>
        Answer().Match(output) is { Success: true } answer && long.TryParse(answer.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
                ? DateTimeOffset.FromUnixTimeSeconds(seconds)
                : null;

    /// <summary>By how much the clock is off at least; positive: it is ahead. Zero also where the guest does not tell it.</summary>
    /// <param name="output">The guest's answer.</param>
    /// <param name="asked">The host's clock before the guest was asked.</param>
    /// <param name="answered">The host's clock when the answer was there.</param>
    public static TimeSpan Off(string output, DateTimeOffset asked, DateTimeOffset answered) => Read(output) switch
    {
        { } clock when clock < asked => clock - asked,
        { } clock when clock > answered => clock - answered,
        _ => TimeSpan.Zero,
    };

    /// <summary><c>3600 s ahead</c>.</summary>
    public static string Words(TimeSpan off) =>
        string.Create(CultureInfo.InvariantCulture, $"{Math.Round(off.Duration().TotalSeconds)} s {(off < TimeSpan.Zero ? "behind" : "ahead")}");

    /// <summary>The likely cause and the remedy, in sentences.</summary>
    public static string Fix(TimeSpan off) => IsZone(off)
        ? "So much is a time zone: the guest takes its hardware clock for local time and the machine gives it UTC, or the reverse. In the base image, as root: timedatectl set-local-rtc 0. "
            + "Or give the source domain the <clock offset='utc'/> or <clock offset='localtime'/> that its guest expects."
        : "See what sets the guest's clock at boot, the <clock> of the source domain, and whether the host's own clock is right.";

    private static bool IsZone(TimeSpan off)
    {
        var steps = Math.Round(off / ZoneStep);
        return steps != 0 && off.Duration() <= LargestZone + Tolerance && (off - (steps * ZoneStep)).Duration() <= Tolerance;
    }

    [GeneratedRegex(@"^vmx-clock:([0-9]{1,18})\r?$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Answer();
}
