using System.Globalization;
using System.Text.RegularExpressions;

namespace VmExecutor.GitlabCi;

/// <summary>Durations as GitLab reads them (its gem chronic_duration): <c>1h 30m</c>, <c>90 minutes</c>, <c>3600 seconds</c>, <c>1 day and 2 hours</c>; a bare number is seconds.</summary>
internal static partial class CiDuration
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        var rest = text.Trim().ToLowerInvariant();
        var seconds = 0.0;
        var position = 0;
        while (position < rest.Length)
        {
            if (Part().Match(rest, position) is not { Success: true } part)
            {
                return false;
            }

            seconds += double.Parse(part.Groups["number"].Value, CultureInfo.InvariantCulture) * Seconds(part.Groups["unit"].Value);
            position += part.Length;
        }

        if (seconds <= 0 || seconds > Longest.TotalSeconds)
        {
            return false;
        }

        duration = TimeSpan.FromSeconds(seconds);
        return true;
    }

    private static double Seconds(string unit) => unit switch
    {
        "" => 1,
        "mo" or "mos" or "month" or "months" => 30 * 86400,
        _ => unit[0] switch
        {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86400,
            _ => 7 * 86400,
        },
    };

    [GeneratedRegex(
        @"\G(?:\s*,\s*|\s+and\s+|\s*)(?<number>[0-9]{1,9}(?:\.[0-9]{1,3})?)\s*(?<unit>mos?|months?|w|wks?|weeks?|d|dys?|days?|h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?|)(?![a-z])",
        RegexOptions.CultureInvariant)]
    private static partial Regex Part();
}
