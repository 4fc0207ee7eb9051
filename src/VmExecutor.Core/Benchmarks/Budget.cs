using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Benchmarks;

/// <summary>The time limit for a start, so that a slower image is noticed.</summary>
/// <param name="Start"><c>cold</c>, <c>warm</c> or <c>standby</c>.</param>
/// <param name="Limit">For the median of the whole prepare.</param>
public sealed record Budget(string Start, TimeSpan Limit)
{
    /// <summary>Reads <c>warm=2s</c>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Budget? budget)
    {
        budget = text.Split('=') is ["cold" or "warm" or "standby", var limit] && DurationText.TryParse(limit, out var duration) && duration > TimeSpan.Zero
            ? new Budget(text.Split('=')[0], duration)
            : null;
        return budget is not null;
    }

    /// <summary>Null: it was kept.</summary>
    /// <param name="summaries">What was measured; a start that was not is over any budget.</param>
    public string? Excess(IEnumerable<Summary> summaries) => summaries.FirstOrDefault(summary => summary.Start == Start) switch
    {
        null => $"no {Start} start was measured, and the budget for it is {DurationText.Format(Limit)}",
        { PrepareSeconds.Median: var median } when median > Limit.TotalSeconds =>
            string.Create(CultureInfo.InvariantCulture, $"{Start} start: the median of prepare is {median:0.00} s, over the budget of {DurationText.Format(Limit)}"),
        _ => null,
    };
}
