namespace VmExecutor.Core.Observing;

/// <summary>Adds to totals by series. A total never goes down.</summary>
internal static class SeriesTotals
{
    private static readonly double[] Buckets = [0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600];

    /// <summary>To the microsecond, so that sums do not end in ever more digits; less than nothing would be a counter that goes down.</summary>
    public static void Increase(this SortedDictionary<string, double> totals, string series, double value) =>
        totals[series] = Math.Round(totals.GetValueOrDefault(series) + (double.IsFinite(value) ? Math.Max(0, value) : 0), 6);

    /// <summary>Counts a time in a histogram.</summary>
    /// <param name="totals">The totals.</param>
    /// <param name="metric">The histogram.</param>
    /// <param name="label">Its label.</param>
    /// <param name="seconds">Null: the series are there from now on, with what they had or 0.</param>
    public static void Observe(this SortedDictionary<string, double> totals, MetricName metric, (string Name, string Value) label, double? seconds)
    {
        var name = metric.Name;
        foreach (var bucket in Buckets)
        {
            totals.Increase(Series.Of($"{name}_bucket", label, ("le", Series.Number(bucket))), seconds <= bucket ? 1 : 0);
        }

        totals.Increase(Series.Of($"{name}_bucket", label, ("le", "+Inf")), seconds is null ? 0 : 1);
        totals.Increase(Series.Of($"{name}_count", label), seconds is null ? 0 : 1);
        totals.Increase(Series.Of($"{name}_sum", label), seconds ?? 0);
    }
}
