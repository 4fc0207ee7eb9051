namespace VmExecutor.Core.Benchmarks;

/// <summary>The spread of several measurements of one thing.</summary>
/// <param name="Median">The middle one; of an even number, the mean of the two in the middle.</param>
/// <param name="Min">The least.</param>
/// <param name="Max">The most.</param>
/// <param name="Count">How many there were.</param>
public sealed record Spread(double Median, double Min, double Max, int Count)
{
    /// <summary>Null: nothing was measured.</summary>
    public static Spread? Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        var middle = sorted.Count / 2;
        return sorted.Count == 0 ? null : new Spread(
            sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2,
            sorted[0],
            sorted[^1],
            sorted.Count);
    }

    /// <summary>Of what could be measured each time; one look that failed makes the others worth less, so then there is none.</summary>
    public static Spread? Of(IEnumerable<double?> values)
    {
        var all = values.ToList();
        return all.Contains(null) ? null : Of(all.OfType<double>());
    }
}
