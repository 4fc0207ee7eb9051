using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Images;

/// <summary>
/// Decides which image a job gets. The job's <c>image:</c> is compared with the names first, then with the patterns in the order of the
/// images. Of the images that match, the job gets the first one that it may use.
/// </summary>
public static class ImageChoice
{
    private const int LongestShown = 100;

    /// <exception cref="BuildFailureException">
    /// The job asks for an image that is not in the catalogue or not for it, or for none and there is no default.
    /// </exception>
    public static ImageDefinition For(Job job, Settings settings) => Match(job, settings).Image;

    /// <summary>As <see cref="For"/>, with the reason.</summary>
    /// <inheritdoc cref="For" path="/exception"/>
    public static ImageMatch Match(Job job, Settings settings)
    {
        var wanted = job.Image ?? settings.DefaultImage?.Value;
        if (wanted is null)
        {
            throw new BuildFailureException(
                ErrorCodes.ImageNotNamed,
                $"the job names no image and this runner has no default image; {Available(job, settings)}",
                "Add 'image: NAME' to the job in .gitlab-ci.yml.");
        }

        var matching = Matching(wanted, settings.Images);
        return matching.FirstOrDefault(image => ImageAccess.Refusal(job, image.Allow) is null) is { } image
            ? new ImageMatch(image, image.Name.Value == wanted ? null : image.Patterns.First(pattern => new Glob(pattern).Matches(wanted)), job.Image is null)
            : throw (matching.Count == 0 ? Unknown(wanted, job, settings) : NotAllowed(wanted, matching[0], job, settings));
    }

    /// <summary>The image whose clone is a service of a job; null: no such image has that name, so the service is a container.</summary>
    /// <param name="wanted">The service as the job names it.</param>
    /// <param name="job">The job.</param>
    /// <param name="settings">The configuration.</param>
    /// <exception cref="BuildFailureException">The image is not for that job.</exception>
    public static ImageDefinition? ForService(string wanted, Job job, Settings settings)
    {
        var matching = Matching(wanted, [.. settings.Images.Where(image => image.Service is not null)]);
        if (matching.Count == 0)
        {
            return null;
        }

        if (matching.FirstOrDefault(image => ImageAccess.Refusal(job, image.Allow) is null) is { } usable)
        {
            return usable;
        }

        var (why, hint) = ImageAccess.Refusal(job, matching[0].Allow)!.Value;
        throw new BuildFailureException(ErrorCodes.ImageNotAllowed, $"this job may not use image '{PlainText.OneLine(wanted, LongestShown)}' as a service: {why}", hint);
    }

    private static List<ImageDefinition> Matching(string wanted, IReadOnlyList<ImageDefinition> images)
    {
        var named = images.Where(image => image.Name.Value == wanted).ToList();
        return [.. named, .. images.Except(named).Where(image => image.Patterns.Any(pattern => new Glob(pattern).Matches(wanted)))];
    }

    private static BuildFailureException Unknown(string wanted, Job job, Settings settings) => new(
        ErrorCodes.ImageUnknown,
        $"there is no image '{PlainText.OneLine(wanted, LongestShown)}'; {Available(job, settings)}",
        "Correct 'image:' of the job in .gitlab-ci.yml, or ask the administrator of this runner for the image.");

    private static BuildFailureException NotAllowed(string wanted, ImageDefinition image, Job job, Settings settings)
    {
        var (why, hint) = ImageAccess.Refusal(job, image.Allow)!.Value;
        var what = job.Image is null ? $"the default image '{image.Name}'" : $"image '{PlainText.OneLine(wanted, LongestShown)}'";
        return new BuildFailureException(ErrorCodes.ImageNotAllowed, $"this job may not use {what}: {why}; {Available(job, settings)}", hint);
    }

    /// <summary>The names that this job may write; names for other jobs are not told.</summary>
    private static string Available(Job job, Settings settings)
    {
        if (settings.Images.Count == 0)
        {
            return "the administrator of this runner has not set up any image";
        }

        var own = settings.Images.Where(image => ImageAccess.Refusal(job, image.Allow) is null).ToList();
        return own.Count == 0
            ? "none of this runner's images is available to this job"
            : $"available here: {string.Join(", ", own.Select(image => string.Join(", ", image.Patterns.Prepend(image.Name.Value))))}";
    }
}

/// <summary>The image that a job gets, and why.</summary>
/// <param name="Image">The image.</param>
/// <param name="Pattern">The pattern that matched; null: its name did.</param>
/// <param name="IsDefault">The job names no image.</param>
public sealed record ImageMatch(ImageDefinition Image, string? Pattern, bool IsDefault);
