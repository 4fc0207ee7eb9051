using VmExecutor.Core.Failures;
using VmExecutor.Core.Leftovers;
using VmExecutor.Core.Values;
using VmExecutor.Host.Images;
using VmExecutor.Host.Locks;

namespace VmExecutor.Host.Leftovers;

/// <summary>
/// Generations whose making or removing was interrupted. A process that makes or removes one holds the image's lock, so a half-made
/// generation that is found under the lock belongs to no process. Downloads stay: the next publishing goes on with them.
/// </summary>
internal static class HalfMadeGenerations
{
    public static IReadOnlyList<CollectedLeftover> Collect(Catalogue catalogue, StateLocks locks, bool dryRun, CancellationToken cancellationToken)
    {
        var collected = new List<CollectedLeftover>();
        try
        {
            foreach (var image in catalogue.NamesOfHalfMade())
            {
                cancellationToken.ThrowIfCancellationRequested();
                collected.AddRange(OfImage(image, catalogue, locks, dryRun));
            }
        }
        catch (SystemFailureException e)
        {
            collected.Add(new CollectedLeftover("images", LeftoverReason.HalfMade, CollectionOutcome.Failed, [], e.Message));
        }

        return collected;
    }

    private static List<CollectedLeftover> OfImage(ImageName image, Catalogue catalogue, StateLocks locks, bool dryRun)
    {
        using var held = locks.TryTake(image);
        return [.. catalogue.HalfMade(image).Select(half => held is null
            ? new CollectedLeftover(half.Value, LeftoverReason.HalfMade, CollectionOutcome.Busy, [])
            : dryRun
                ? new CollectedLeftover(half.Value, LeftoverReason.HalfMade, CollectionOutcome.WouldBeRemoved, [$"directory {half}"])
                : Remove(half))];
    }

    private static CollectedLeftover Remove(AbsolutePath half)
    {
        try
        {
            GenerationRemover.Delete(half);
            return new CollectedLeftover(half.Value, LeftoverReason.HalfMade, CollectionOutcome.Removed, [$"directory {half}"]);
        }
        catch (SystemFailureException e)
        {
            return new CollectedLeftover(half.Value, LeftoverReason.HalfMade, CollectionOutcome.Failed, [], e.Message);
        }
    }
}
