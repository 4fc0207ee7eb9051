using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;

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

    /// <summary>Its line of the report.</summary>
    public StandbyLine Line(string? size, int there, string? why = null, double? seconds = null) =>
        new(Image.Name.Value, Number, size, Count, there, why, seconds);
}
