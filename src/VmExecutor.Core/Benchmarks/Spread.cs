using VmExecutor.Core.Values;

namespace VmExecutor.Core.Benchmarks;

/// <summary>The spread of several measurements of one thing.</summary>
/// <param name="Median">As <see cref="Quantiles.Median"/> has it.</param>
/// <param name="Min">The least.</param>
/// <param name="Max">The most.</param>
/// <param name="Count">How many there were.</param>
public sealed record Spread(double Median, double Min, double Max, int Count)
{
    /// <summary>Null: nothing was measured.</summary>
    public static Spread? Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count == 0 ? null : new Spread(Quantiles.Median(sorted), sorted[0], sorted[^1], sorted.Count);
    }

    /// <summary>Of what could be measured each time; one look that failed makes the others worth less, so then there is none.</summary>
    public static Spread? Of(IEnumerable<double?> values)
    {
        var all = values.ToList();
        return all.Contains(null) ? null : Of(all.OfType<double>());
    }
}
