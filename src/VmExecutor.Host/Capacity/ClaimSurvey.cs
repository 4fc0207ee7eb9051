using VmExecutor.Core.Capacity;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Capacity;

/// <summary>
/// Finds the claims that count. A claim is a line in a job's record. It counts while the kernel holds the lock of a process that works on
/// the job, or while its QEMU is there. So it ends with them, and need not be taken back.
/// </summary>
public sealed class ClaimSurvey(AbsolutePath stateDir, StateLocks locks, IJobProcesses processes, IHypervisor hypervisor)
{
    /// <param name="self">The clones of the job that asks, which do not count.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <exception cref="Files.HostFileException">The state directory or its locks cannot be looked at.</exception>
    public async Task<IReadOnlyList<LiveClaim>> FindAsync(IReadOnlyCollection<JobKey> self, CancellationToken cancellationToken)
    {
        // A prepare has its claim before its QEMU, so records are read first: whatever starts in between is in one of the two.
        var records = JobFolder.List(stateDir).Ours.Where(folder => !folder.IsHalf && !self.Contains(folder.Key))
            .Select(folder => (folder.Key, Record: JobDirectory.Of(stateDir, folder.Key).Read(), Held: locks.IsHeld(folder.Key)))
            .Where(job => job.Record?.Claim is not null)
            .ToDictionary(job => job.Key);
        var vms = processes.Find().Where(process => process.Kind == JobProcessKind.Qemu && !self.Contains(process.Job))
            .GroupBy(process => process.Job).ToDictionary(group => group.Key, group => group.Sum(Resident));
        var claims = records.Values.Where(job => job.Held || vms.ContainsKey(job.Key))
            .Select(job => new LiveClaim(job.Record!.Claim!.ReservedBytes, vms.GetValueOrDefault(job.Key), job.Held && job.Record.Ready is null))
            .ToList();

        // A driver that knew no claims made it, or its directory was deleted by hand: its VM takes memory all the same.
        claims.AddRange(vms.Where(vm => !records.ContainsKey(vm.Key)).Select(vm => new LiveClaim(0, vm.Value, Starting: false)));
        var doubtful = records.Values.Where(job => !job.Held && !vms.ContainsKey(job.Key)).Select(job => (job.Key, job.Record!.Claim!)).ToList();
        claims.AddRange(await FindHiddenAsync(doubtful, cancellationToken).ConfigureAwait(false));
        return claims;
    }

    /// <summary>
    /// No QEMU is seen: it is gone (and the job's directory waits for cleanup), or /proc hides it from this user (hidepid), or it runs beyond this
    /// process's view, in another container. libvirt knows; where it does not answer, the VM counts.
    /// </summary>
    private async Task<IEnumerable<LiveClaim>> FindHiddenAsync(IReadOnlyList<(JobKey Key, ClaimRecord Claim)> doubtful, CancellationToken cancellationToken)
    {
        var alive = new List<LiveClaim>();
        foreach (var (key, claim) in doubtful)
        {
            if (await LivesAsync(key, cancellationToken).ConfigureAwait(false))
            {
                alive.Add(new LiveClaim(claim.ReservedBytes, 0, Starting: false));
            }
        }

        return alive;
    }

    private async Task<bool> LivesAsync(JobKey key, CancellationToken cancellationToken)
    {
        try
        {
            return await hypervisor.FindStatusAsync(key.Domain.Value, cancellationToken).ConfigureAwait(false) is { IsAlive: true };
        }
        catch (HypervisorException)
        {
            return true;
        }
    }

    private static long Resident(JobProcess qemu) => ProcessTable.ResidentMemory(qemu.Process.Pid) ?? 0;
}
