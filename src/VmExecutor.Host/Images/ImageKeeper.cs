using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Locks;

namespace VmExecutor.Host.Images;

/// <summary>Switches and removes the generations that publishing has made.</summary>
public sealed class ImageKeeper(Catalogue catalogue, GenerationMaker maker, GenerationRemover remover, StateLocks locks)
{
    /// <summary>Makes an earlier generation the one that jobs get; jobs in flight keep theirs.</summary>
    /// <param name="image">Whose.</param>
    /// <param name="to">Which one; null: the newest whole one before the current.</param>
    /// <exception cref="SystemFailureException">There is none, or it is damaged or was never probed.</exception>
    public Generation Rollback(ImageName image, int? to)
    {
        using var held = ImageLock.Take(locks, image);
        var current = catalogue.CurrentNumber(image) ?? throw Unpublished(image);
        var target = to is { } number
            ? Usable(Find(image, number))
            : catalogue.Of(image).FirstOrDefault(generation => generation.Number < current && Trouble(generation) is null)
                ?? throw new SystemFailureException(
                    ErrorCodes.GenerationUnknown,
                    $"image '{image}' has no whole generation before {current}",
                    $"See 'vm-executor image show {image}'.");
        maker.MakeCurrent(image, target);
        return target;
    }

    /// <summary>Removes old generations until so many are left; never the current one, nor one that jobs stand on.</summary>
    /// <returns>What was removed, and what would have been were it not in use.</returns>
    public (IReadOnlyList<Generation> Removed, IReadOnlyList<string> Kept) Prune(ImageName image, int keep)
    {
        using var held = ImageLock.Take(locks, image);
        GenerationRemover.RemoveHalfMade(catalogue, image);
        var current = catalogue.CurrentNumber(image);
        var removed = new List<Generation>();
        var kept = new List<string>();

        // The current one counts among those that are kept, wherever it stands.
        var others = catalogue.Of(image).Where(generation => generation.Number != current).ToList();
        foreach (var generation in others.Skip(Math.Max(0, keep - (current is null ? 0 : 1))))
        {
            try
            {
                remover.Remove(image, generation);
                removed.Add(generation);
            }
            catch (SystemFailureException e) when (e.Code == ErrorCodes.GenerationInUse)
            {
                kept.Add(e.Message);
            }
        }

        return (removed, kept);
    }

    /// <summary>Removes one generation that is not the current one, or all there are of an image; the image's YAML and its source stay.</summary>
    /// <exception cref="SystemFailureException">Jobs stand on one of them, or it is the current one: then nothing is removed.</exception>
    public IReadOnlyList<Generation> Remove(ImageName image, int? number)
    {
        using var held = ImageLock.Take(locks, image);
        GenerationRemover.RemoveHalfMade(catalogue, image);
        var current = catalogue.CurrentNumber(image);
        if (number is { } one)
        {
            var generation = Find(image, one);
            if (one == current)
            {
                throw new SystemFailureException(
                    ErrorCodes.GenerationInUse,
                    $"generation {one} is the current one of image '{image}'",
                    $"Publish a new one or go back first (vm-executor image rollback {image}), or remove all: vm-executor image remove {image}");
            }

            remover.Remove(image, generation);
            return [generation];
        }

        var all = catalogue.Of(image);
        if (all.Count == 0)
        {
            throw Unpublished(image);
        }

        foreach (var generation in all)
        {
            remover.EnsureUnused(image, generation);
        }

        remover.RemoveAll(image);
        return all;
    }

    private Generation Find(ImageName image, int number) => catalogue.Find(image, number) ?? throw new SystemFailureException(
        ErrorCodes.GenerationUnknown,
        $"image '{image}' has no generation {number}; there are: {string.Join(", ", catalogue.Of(image).Select(generation => generation.Number))}",
        $"See 'vm-executor image show {image}'.");

    private static Generation Usable(Generation generation) => Trouble(generation) is { } trouble
        ? throw new SystemFailureException(
            ErrorCodes.GenerationDamaged, $"generation {generation.Number} of image '{generation.Record.Image}' cannot be used: {trouble}", "Choose another one, or publish the image again.")
        : generation;

    private static string? Trouble(Generation generation) => generation.Record.Probe is null
        ? "it has not passed a probe"
        : GenerationFiles.Damage(generation) is { Count: > 0 } damage ? string.Join("; ", damage) : null;

    private static SystemFailureException Unpublished(ImageName image) => new(
        ErrorCodes.ImageNotPublished, $"image '{image}' has no published generation", $"vm-executor image publish {image}");
}
