using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Locks;

namespace VmExecutor.Host.Clones;

/// <summary>The other jobs' clones that run on the same bases.</summary>
public sealed class LivingClones(AbsolutePath stateDir, IHypervisor hypervisor, StateLocks locks)
{
    private const int Named = 3;

    /// <summary>Notes the bases of its clone in the job's record, if no other clone on them is broken.</summary>
    /// <param name="directory">Of the job.</param>
    /// <param name="chains">The bases of its clone.</param>
    /// <param name="also">What else is noted with it, in the same write.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.BaseDiskChanged"/>, with the base and the jobs.</exception>
    public async Task JoinAsync(
        JobDirectory directory, IEnumerable<BackingChain> chains, Func<JobRecord, JobRecord> also, CancellationToken cancellationToken)
    {
        var bases = BaseFingerprints.Of(chains);
        await EnsureNoneIsBrokenAsync(directory.Key, bases, cancellationToken).ConfigureAwait(false);
        await directory.UpdateAsync(locks, record => also(record) with { Bases = bases }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Refuses a base that was changed under clones that still run.</summary>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.BaseDiskChanged"/>, with the base and the jobs.</exception>
    private async Task EnsureNoneIsBrokenAsync(JobKey self, IReadOnlyList<BaseFingerprint> bases, CancellationToken cancellationToken)
    {
        var broken = new List<(JobKey Job, string Base)>();
        foreach (var folder in JobFolder.List(stateDir).Ours.Where(folder => !folder.IsHalf && folder.Key != self))
        {
            var theirs = JobDirectory.Of(stateDir, folder.Key).Read()?.Bases ?? [];
            var changed = BaseFingerprints.Changed(theirs.Where(known => bases.Any(ours => ours.Path == known.Path)));
            if (changed.Count > 0 && await hypervisor.FindStatusAsync(folder.Key.Domain.Value, cancellationToken).ConfigureAwait(false) is { IsAlive: true })
            {
                broken.Add((folder.Key, changed[0]));
            }
        }

        if (broken.Count > 0)
        {
            throw new SystemFailureException(
                ErrorCodes.BaseDiskChanged,
                $"the base disk {broken[0].Base} was changed while VMs stand on it ({Quantity.Noun(broken.Count, "job")} {string.Join(", ", broken.Take(Named).Select(entry => entry.Job))}{(broken.Count > Named ? ", …" : "")}); their disks can no longer be trusted, and nor could a new one",
                "Let these jobs end or cancel them; see 'vm-executor list'. Change a base only while no VM stands on it.");
        }
    }
}
