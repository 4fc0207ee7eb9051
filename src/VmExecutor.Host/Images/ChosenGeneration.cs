using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;

namespace VmExecutor.Host.Images;

/// <summary>The generation that a job gets: the current one; when that was changed or lost, the newest whole one before it.</summary>
/// <param name="Generation">Null: the image was never published, and its clones stand on the source itself.</param>
/// <param name="Warnings">What the operator should know.</param>
public sealed record ChosenGeneration(Generation? Generation, IReadOnlyList<string> Warnings)
{
    /// <summary>A certain generation if it is still there and whole, else as <see cref="For(ImageDefinition, Catalogue)"/> with a warning.</summary>
    /// <inheritdoc cref="For(ImageDefinition, Catalogue)" path="/exception"/>
    public static ChosenGeneration For(ImageDefinition image, Catalogue catalogue, int? wanted)
    {
        if (wanted is { } number)
        {
            if (catalogue.Find(image.Name, number) is { } generation && GenerationFiles.Damage(generation).Count == 0)
            {
                return new ChosenGeneration(generation, []);
            }

            var other = For(image, catalogue);
            return other with { Warnings = [.. other.Warnings, $"generation {number} of image '{image.Name}' is gone or was changed; {Named(other)} is used instead"] };
        }

        return For(image, catalogue);

        static string Named(ChosenGeneration other) => other.Generation is { } used ? $"generation {used.Number}" : "its source";
    }

    /// <exception cref="SystemFailureException">The image must be published first, or no generation of it is whole.</exception>
    public static ChosenGeneration For(ImageDefinition image, Catalogue catalogue)
    {
        if (catalogue.CurrentNumber(image.Name) is not { } current)
        {
            return image.Source is ImageSource.Domain or ImageSource.DiskFile
                ? new ChosenGeneration(null, [])
                : throw new SystemFailureException(
                    ErrorCodes.ImageNotPublished,
                    $"image '{image.Name}' was not published yet, so there is nothing to clone",
                    $"As the runner's user: vm-executor image publish {image.Name}");
        }

        var warnings = new List<string>();
        foreach (var generation in Candidates(image, catalogue, current))
        {
            var damage = generation is null ? ["its image.json is missing or unreadable"] : GenerationFiles.Damage(generation);
            if (damage.Count == 0)
            {
                return new ChosenGeneration(generation, warnings);
            }

            warnings.Add($"generation {generation?.Number ?? current} of image '{image.Name}' cannot be trusted and is not used: {string.Join("; ", damage)}. "
                + $"Publish the image again: vm-executor image publish {image.Name}");
        }

        throw new SystemFailureException(
            ErrorCodes.GenerationDamaged,
            $"no generation of image '{image.Name}' can be used: {string.Join(" ", warnings)}",
            $"As the runner's user: vm-executor image publish {image.Name}");
    }

    private static IEnumerable<Generation?> Candidates(ImageDefinition image, Catalogue catalogue, int current)
    {
        yield return catalogue.Find(image.Name, current);
        foreach (var earlier in catalogue.Of(image.Name).Where(generation => generation.Number < current && generation.Record.Probe is not null))
        {
            yield return earlier;
        }
    }
}
