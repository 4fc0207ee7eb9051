using VmExecutor.Core.Configuration;
using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Standby;

/// <summary>Decides whether a standby clone is what a job of an image would get if it were started now.</summary>
/// <param name="Image">The image, as it is now.</param>
/// <param name="Generation">The generation that a job would get.</param>
/// <param name="Shape">The machine that a job would get.</param>
/// <param name="Now">Here and now, by the kernel.</param>
public sealed record StandbyFitness(ImageDefinition Image, Generation Generation, TemplateShape Shape, HostMoment Now)
{
    /// <summary>Null: it is.</summary>
    /// <param name="record">Of a standby clone.</param>
    public StandbyMiss? FindMiss(JobRecord record)
    {
        var stamp = record.Stamp;
        var standby = record.Standby ?? throw new ArgumentException("not the record of a standby clone", nameof(record));
        return stamp.Made.Boot != Now.Boot ? new StandbyMiss("restarted", "the host was restarted since it was made")
            : stamp.Generation != Generation.Number ? new StandbyMiss("generation", $"it is of generation {stamp.Generation}, and jobs get generation {Generation.Number}")
            : standby.Shape != Shape.Fingerprint ? new StandbyMiss("size", $"it has {standby.SizeName}, or another machine than a job would get now")
            : standby.AgeAt(Now) >= Image.Standby.MaxAge
                ? new StandbyMiss("too_old", $"it has waited for more than {DurationText.Format(Image.Standby.MaxAge)} ('standby: max_age')")
            : null;
    }
}
