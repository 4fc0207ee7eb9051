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
        : DurationText.TryParse(text, out var time) && time < Longest ? time
        : throw new SystemFailureException(ErrorCodes.UsageWrong, $"'{PlainText.OneLine(text, 50)}' is no time", "Write whole numbers with units after --since, for example 12h or 7d.");
}
