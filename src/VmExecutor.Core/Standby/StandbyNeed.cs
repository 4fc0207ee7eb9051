using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Observing;

namespace VmExecutor.Core.Standby;

/// <summary>The clones of one size that an image wants to wait for jobs.</summary>
/// <param name="Image">The image.</param>
/// <param name="Number">0: its own size; else the size's number in <c>standby: sizes</c>, from 1.</param>
/// <param name="Sizes">As a job would ask for it.</param>
/// <param name="Count">How many.</param>
public sealed record StandbyNeed(ImageDefinition Image, int Number, RequestedSizes Sizes, int Count)
{
    /// <summary>All of an image, the own size first.</summary>
    public static IReadOnlyList<StandbyNeed> Of(ImageDefinition image) =>
    [
        .. new[] { new StandbyNeed(image, 0, new RequestedSizes(), image.Standby.Count) }
            .Concat(image.Standby.Sizes.Select((size, index) => new StandbyNeed(
                image,
                index + 1,
                new RequestedSizes { Cpus = size.Cpus?.ToString(CultureInfo.InvariantCulture), Memory = size.Memory?.ToString() },
                size.Count)))
            .Where(need => need.Count > 0),
    ];

    /// <summary>Counts one that was made, by the seconds that it took; null: its series are there from now on.</summary>
    public void CountMade(SortedDictionary<string, double> totals, double? seconds)
    {
        totals.Observe(MetricName.StandbyFill, Label, seconds);
        totals.Increase(FailedSeries, 0);
    }

    /// <summary>Counts one that was started and could not be made ready.</summary>
    public void CountFailed(SortedDictionary<string, double> totals) => totals.Increase(FailedSeries, 1);

    private (string, string) Label => ("image", Image.Name.Value);

    private string FailedSeries => Series.Of(MetricName.StandbyFillFailures.Name, Label);

    /// <summary>Its line of the report.</summary>
    public StandbyLine Line(string? size, int there, string? why = null, double? seconds = null) =>
        new(Image.Name.Value, Number, size, Count, there, why, seconds);
}
