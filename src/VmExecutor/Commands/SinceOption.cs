using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;

namespace VmExecutor.Commands;

/// <summary>Reads what is given after <c>--since</c>.</summary>
internal static class SinceOption
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(10_000);

    /// <param name="text">As it was typed; null: the option was not given.</param>
    /// <param name="usual">The time without it.</param>
    /// <exception cref="SystemFailureException">It is no time.</exception>
    public static TimeSpan Parse(string? text, TimeSpan usual) => text is null ? usual
        : DurationText.TryParse(text, out var time) && time <= Longest ? time
        : throw new SystemFailureException(ErrorCodes.UsageWrong, $"'--since {PlainText.OneLine(text, 50)}' is {(time > TimeSpan.Zero ? "too long" : "no time")}", Hint(text, time));

    private static string Hint(string text, TimeSpan time) =>
        time > TimeSpan.Zero ? $"Give at most --since {DurationText.Format(Longest)}."
        : text.Length is > 0 and < 6 && text.All(char.IsAsciiDigit) ? $"Give it a unit: --since {text}d for days, --since {text}h for hours."
        : "Write whole numbers with units after --since: 12h, 7d, or 1d12h. It is counted back from now.";
}
