namespace VmExecutor.Core.Values;

/// <summary>Quantiles of measurements, by one rule wherever the driver tells them.</summary>
public static class Quantiles
{
    /// <summary>The one in the middle; of an even number, the mean of the two in the middle.</summary>
    /// <param name="sorted">In ascending order; at least one.</param>
    public static double Median(IReadOnlyList<double> sorted)
    {
        var middle = sorted.Count / 2;
        return sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>The least of them that so many of 100 do not exceed (nearest rank).</summary>
    /// <param name="sorted">In ascending order; at least one.</param>
    /// <param name="percent">From 1 to 100.</param>
    public static double Percentile(IReadOnlyList<double> sorted, int percent) => sorted[(((sorted.Count * percent) + 99) / 100) - 1];
}
