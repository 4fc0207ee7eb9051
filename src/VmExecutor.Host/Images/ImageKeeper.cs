using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Locks;

namespace VmExecutor.Host.Images;

/// <summary>Switches and removes the generations that publishing has made.</summary>
public sealed class ImageKeeper(Catalogue catalogue, GenerationMaker maker, GenerationRemover remover, StateLocks locks)
{
    /// <summary>A generation of an image, also one that cannot be used.</summary>
    /// <param name="image">The image.</param>
    /// <param name="number">Which one; null: the current one.</param>
    /// <exception cref="SystemFailureException">There is no such generation, or its record cannot be read.</exception>
    public Generation Find(ImageName image, int? number)
    {
        var wanted = number ?? catalogue.CurrentNumber(image) ?? throw Unpublished(image);
        return !catalogue.Numbers(image).Contains(wanted)
            ? throw Unknown(image, wanted)
            : catalogue.Find(image, wanted) ?? throw Damaged(image, wanted, "its image.json is missing or unreadable");
    }

    /// <summary>Makes an earlier generation the one that jobs get; jobs in flight keep theirs.</summary>
    /// <param name="image">The image.</param>
    /// <param name="to">Which one; null: the newest whole one before the current.</param>
    /// <exception cref="SystemFailureException">There is none, or it is damaged or was never probed.</exception>
    public Generation Rollback(ImageName image, int? to)
    {
        using var held = ImageLock.Take(locks, image);

        // Said by number it is right also when nothing can be learnt from the pointer.
        var target = to is { } number ? Usable(image, number) : Before(image, catalogue.CurrentNumber(image) ?? throw Unpublished(image));
        maker.MakeCurrent(image, target);
        return target;
    }

    /// <summary>
    /// Removes old generations until so many are left; never the current one, nor the one that jobs get while that is damaged, nor one that
    /// jobs stand on.
    /// </summary>
    /// <returns>What was removed, and what would have been were it not in use.</returns>
    public (IReadOnlyList<int> Removed, IReadOnlyList<string> Kept) Prune(ImageName image, int keep)
    {
        using var held = ImageLock.Take(locks, image);
        GenerationRemover.RemoveHalfMade(catalogue, image);
        var current = catalogue.CurrentNumber(image);
        var removed = new List<int>();
        var kept = new List<string>();

        // The current one counts among those that are kept, wherever it stands.
        var all = catalogue.Of(image);
        var fallback = Fallback(all, current);
        var others = all.Where(generation => generation.Number != current && generation != fallback).ToList();
        foreach (var generation in others.Skip(Math.Max(0, keep - (current is null ? 0 : 1))))
        {
            try
            {
                remover.Remove(image, generation.Number);
                removed.Add(generation.Number);
            }
            catch (SystemFailureException e) when (e.Code == ErrorCodes.GenerationInUse)
            {
                kept.Add(e.Message);
            }
        }

        return (removed, kept);
    }

    /// <summary>Removes one generation that is not the current one, or all there are of an image; the image's YAML and its source stay.</summary>
    /// <returns>The numbers of what was removed, the newest first.</returns>
    /// <exception cref="SystemFailureException">Jobs stand on one of them, or it is the current one: then nothing is removed.</exception>
    public IReadOnlyList<int> Remove(ImageName image, int? number)
    {
        using var held = ImageLock.Take(locks, image);
        GenerationRemover.RemoveHalfMade(catalogue, image);
        if (number is { } one)
        {
            EnsureNotCurrent(image, one);
            remover.Remove(image, one);
            return [one];
        }

        var all = catalogue.Numbers(image);
        if (all.Count == 0)
        {
            throw Unpublished(image);
        }

        remover.RemoveAll(image);
        return all;
    }

    private void EnsureNotCurrent(ImageName image, int number)
    {
        if (!catalogue.Numbers(image).Contains(number))
        {
            throw Unknown(image, number);
        }

        if (catalogue.CurrentNumber(image) == number)
        {
            throw new SystemFailureException(
                ErrorCodes.GenerationInUse,
                $"generation {number} is the current one of image '{image}'",
                $"Publish a new one or go back first (vm-executor image rollback {image}), or remove all: vm-executor image remove {image}");
        }
    }

    private Generation Before(ImageName image, int current) =>
        catalogue.Of(image).FirstOrDefault(generation => generation.Number < current && Trouble(generation) is null) ?? throw new SystemFailureException(
            ErrorCodes.GenerationUnknown, $"image '{image}' has no whole generation before {current}", $"See 'vm-executor image show {image}'.");

    private Generation Usable(ImageName image, int number)
    {
        var generation = Find(image, number);
        return Trouble(generation) is { } trouble ? throw Damaged(image, number, trouble) : generation;
    }

    private static Generation? Fallback(IReadOnlyList<Generation> all, int? current) =>
        current is null || all.Any(generation => generation.Number == current && Trouble(generation) is null)
            ? null
            : all.FirstOrDefault(generation => generation.Number < current && Trouble(generation) is null);

    private static string? Trouble(Generation generation) => generation.Record.Probe is null
        ? "it has not passed a probe"
        : GenerationFiles.Damage(generation) is { Count: > 0 } damage ? string.Join("; ", damage) : null;

    private static SystemFailureException Damaged(ImageName image, int number, string trouble) => new(
        ErrorCodes.GenerationDamaged, $"generation {number} of image '{image}' cannot be used: {trouble}", "Choose another one, or publish the image again.");

    private SystemFailureException Unknown(ImageName image, int number) => new(
        ErrorCodes.GenerationUnknown,
        catalogue.Numbers(image) is { Count: > 0 } numbers
            ? $"image '{image}' has no generation {number}; there are: {string.Join(", ", numbers)}"
            : $"image '{image}' has no published generation",
        NameHint(image, $"vm-executor image show {image}"));

    private static SystemFailureException Unpublished(ImageName image) => new(
        ErrorCodes.ImageNotPublished, $"image '{image}' has no published generation", NameHint(image, $"vm-executor image publish {image}"));

    /// <summary>A name without generations may be one that no image has: an administrator's typing error.</summary>
    private static string NameHint(ImageName image, string command) => $"If '{image}' is the image that you mean ('vm-executor image list' has all names): {command}";
}
