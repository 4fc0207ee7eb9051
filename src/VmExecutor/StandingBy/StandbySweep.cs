using VmExecutor.Core.Failures;
using VmExecutor.Core.Standby;
using VmExecutor.Host;
using VmExecutor.Host.Standby;
using VmExecutor.Observing;

namespace VmExecutor.StandingBy;

/// <summary>Removes the standby clones that no job would get any more, and those that are more than wanted.</summary>
internal sealed class StandbySweep(Machine machine, StandbyLook look, JobLog log)
{
    /// <param name="needs">What is wanted.</param>
    /// <param name="isAll">True: clones of images that are not among the needs are wanted no more.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(IReadOnlyList<StandbyNeed> needs, bool isAll, CancellationToken cancellationToken)
    {
        var wanted = needs.Select(need => need.Image.Name.Value).ToHashSet(StringComparer.Ordinal);
        foreach (var clone in machine.Standby.List().Where(clone => isAll && !wanted.Contains(clone.Record.Stamp.Image)))
        {
            await RemoveAsync(clone, "the image wants none", cancellationToken);
        }

        foreach (var ofImage in needs.GroupBy(need => need.Image.Name))
        {
            try
            {
                await RunAsync([.. ofImage], cancellationToken);
            }
            catch (DriverException)
            {
                // A job of the image would fail, too; filling says why.
            }
        }
    }

    private async Task RunAsync(IReadOnlyList<StandbyNeed> needs, CancellationToken cancellationToken)
    {
        var image = needs[0].Image;
        if (look.GenerationOf(image) is not { } generation)
        {
            return;
        }

        var left = new List<(StandbyFitness Fitness, int Count)>();
        foreach (var need in needs)
        {
            left.Add((await look.FitnessAsync(need, generation, cancellationToken), need.Count));
        }

        // The youngest first: they stay the longest.
        foreach (var clone in machine.Standby.Of(image.Name).Reverse())
        {
            var place = left.FindIndex(one => one.Fitness.FindMiss(clone.Record) is null);
            var miss = place < 0 ? left[0].Fitness.FindMiss(clone.Record)!.Text : (await machine.StandbyKeeper.FindDamageAsync(clone, cancellationToken))?.Text;
            if (miss is null && left[place].Count > 0)
            {
                left[place] = left[place] with { Count = left[place].Count - 1 };
                continue;
            }

            await RemoveAsync(clone, miss ?? "more wait than are wanted", cancellationToken);
        }
    }

    private async Task RemoveAsync(StandbyClone clone, string why, CancellationToken cancellationToken)
    {
        try
        {
            if (await machine.StandbyKeeper.RemoveAsync(clone, cancellationToken))
            {
                log.Say($"image '{clone.Record.Stamp.Image}': removed VM {clone.Record.Domain}: {why}");
            }
        }
        catch (DriverException e)
        {
            log.Warn(e.Message);
        }
    }
}
