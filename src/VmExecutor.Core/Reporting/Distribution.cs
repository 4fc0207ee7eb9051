using VmExecutor.Core.Values;

namespace VmExecutor.Core.Reporting;

/// <summary>The distribution of many measurements of one thing.</summary>
/// <param name="Count">How many; at least one.</param>
/// <param name="Median">Half of them are at most this.</param>
/// <param name="P95">95 of 100 are at most this.</param>
/// <param name="Max">The most.</param>
public sealed record Distribution(int Count, double Median, double P95, double Max)
{
    /// <summary>Null: there are none.</summary>
    public static Distribution? Of(IReadOnlyCollection<double> values)
    {
        if (values.Count == 0)
        {
            return null;
        }

        var sorted = values.Order().ToArray();
        return new Distribution(sorted.Length, Quantiles.Median(sorted), Quantiles.Percentile(sorted, 95), sorted[^1]);
    }
}
