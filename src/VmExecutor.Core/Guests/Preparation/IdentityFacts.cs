using System.Globalization;

namespace VmExecutor.Core.Guests.Preparation;

/// <summary>The facts that a guest told of itself at the end of <see cref="IdentityScript"/>.</summary>
public sealed record IdentityFacts
{
    /// <summary>The line with which the guest asks for its host name and its seed.</summary>
    public const string Waits = $"{Mark}waits";

    /// <summary>The last line.</summary>
    public const string Done = $"{Mark}done";

    /// <summary>The line with which the guest asks what time it is.</summary>
    public const string AsksForTime = $"{Mark}what-time";

    private const string Mark = "vmx-identity:";
    private const string ClockMark = $"{Mark}clock ";

    /// <summary>Its clock, after it was set; null: it was not.</summary>
    public DateTimeOffset? Clock { get; init; }

    /// <summary>The program that reseeded its random generator; null: none did.</summary>
    public string? ReseededBy { get; init; }

    /// <summary>Null: not asked.</summary>
    public string? Hostname { get; init; }

    /// <summary>Null: it has none.</summary>
    public string? MachineId { get; init; }

    /// <summary>The authorized_keys files that let the template's key in.</summary>
    public IReadOnlyList<string> TemplateKeyIn { get; init; } = [];

    /// <summary>The authorized_keys files that let the clone's own key in.</summary>
    public IReadOnlyList<string> OwnKeyIn { get; init; } = [];

    /// <summary>True when a line is the text's own, and not an error message of what it has started.</summary>
    public static bool Tells(string line) => line.StartsWith(Mark, StringComparison.Ordinal);

    /// <summary>The time that the clock showed after it was set; null: this line does not tell it.</summary>
    public static DateTimeOffset? ClockIn(string line) =>
        line.StartsWith(ClockMark, StringComparison.Ordinal) ? ParseClock(line[ClockMark.Length..]) : null;

    /// <summary>Null when the text did not run to its end.</summary>
    public static IdentityFacts? Parse(string output)
    {
        var lines = output.Split('\n')
            .Where(Tells)
            .Select(line => line[Mark.Length..].Split(' ', 2))
            .ToLookup(parts => parts[0], parts => parts.Length > 1 ? parts[1] : "", StringComparer.Ordinal);
        return !lines.Contains("done")
            ? null
            : new IdentityFacts
            {
                Clock = lines["clock"].Select(ParseClock).LastOrDefault(),
                ReseededBy = lines["reseeded"].LastOrDefault(),
                Hostname = lines["hostname"].LastOrDefault(),
                MachineId = lines["machine-id"].LastOrDefault(),
                TemplateKeyIn = [.. lines["template-key"].Distinct()],
                OwnKeyIn = [.. lines["own-key"].Distinct()],
            };
    }

    /// <summary>Seconds since 1970, a point, nine digits.</summary>
    private static DateTimeOffset? ParseClock(string text)
    {
        var parts = text.Split('.');
        return parts is [var whole, { Length: 9 } fraction]
            && long.TryParse(whole, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && int.TryParse(fraction, NumberStyles.None, CultureInfo.InvariantCulture, out var nanoseconds)
            && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
                ? DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(nanoseconds / 100)
                : null;
    }
}
