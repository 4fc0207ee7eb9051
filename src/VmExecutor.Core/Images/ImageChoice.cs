using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Images;

/// <summary>Which image a job gets.</summary>
public static class ImageChoice
{
    private const int LongestShown = 100;

    /// <exception cref="BuildFailureException">The job asks for an image that is not in the catalogue, or for none and there is no default.</exception>
    public static ImageDefinition For(Job job, Settings settings)
    {
        var available = settings.Images.Count == 0
            ? "the administrator of this runner has not set up any image"
            : $"available here: {string.Join(", ", settings.Images.Select(image => image.Name.Value))}";
        var wanted = job.Image ?? settings.DefaultImage?.Value;
        if (wanted is null)
        {
            throw new BuildFailureException(
                ErrorCodes.ImageNotNamed,
                $"the job names no image and this runner has no default image; {available}",
                "Add 'image: NAME' to the job in .gitlab-ci.yml.");
        }

        return settings.Images.FirstOrDefault(image => image.Name.Value == wanted)
            ?? throw new BuildFailureException(
                ErrorCodes.ImageUnknown,
                $"there is no image '{PlainText.OneLine(wanted, LongestShown)}'; {available}",
                "Correct 'image:' of the job in .gitlab-ci.yml, or ask the administrator of this runner for the image.");
    }
}
