using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace VmExecutor.Core.Values;

/// <summary>Durations as administrators write them: <c>90s</c>, <c>3m</c>, <c>1h30m</c>, <c>500ms</c>.</summary>
public static class DurationText
{
    private static readonly (string Suffix, TimeSpan Unit)[] Units =
    [
        ("ms", TimeSpan.FromMilliseconds(1)), ("d", TimeSpan.FromDays(1)), ("h", TimeSpan.FromHours(1)),
        ("m", TimeSpan.FromMinutes(1)), ("s", TimeSpan.FromSeconds(1)),
    ];

    /// <summary>Reads whole numbers with units, largest first, each at most once; <c>0s</c> is a duration, <c>3</c> is not.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        var rest = text.AsSpan();
        var previous = TimeSpan.MaxValue;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits is < 1 or > 9)
            {
                return false;
            }

            var number = int.Parse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture);
            rest = rest[digits..];
            if (!TryTakeUnit(ref rest, out var unit) || unit >= previous || number > TimeSpan.MaxValue / unit / 10)
            {
                return false;
            }

            duration += unit * number;
            previous = unit;
        }

        return true;
    }

    /// <summary>The shortest text that <see cref="TryParse"/> reads back as the same duration, to the millisecond.</summary>
    public static string Format(TimeSpan duration)
    {
        var text = new StringBuilder();
        Append(text, duration.Days, "d");
        Append(text, duration.Hours, "h");
        Append(text, duration.Minutes, "m");
        Append(text, duration.Seconds, "s");
        Append(text, duration.Milliseconds, "ms");
        return text.Length == 0 ? "0s" : text.ToString();
    }

    private static void Append(StringBuilder text, int number, string unit)
    {
        if (number > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{number}{unit}");
        }
    }

    private static bool TryTakeUnit(ref ReadOnlySpan<char> rest, out TimeSpan unit)
    {
        foreach (var (suffix, value) in Units)
        {
            if (rest.StartsWith(suffix, StringComparison.Ordinal))
            {
                rest = rest[suffix.Length..];
                unit = value;
                return true;
            }
        }

        unit = default;
        return false;
    }
}
