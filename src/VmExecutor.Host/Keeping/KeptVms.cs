using VmExecutor.Core.Capacity;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Locks;

namespace VmExecutor.Host.Keeping;

/// <summary>The kept VMs of failed jobs. They are the first to go when disk or memory run short, since no job needs them.</summary>
/// <param name="self">The job that looks.</param>
/// <param name="stateDir">The state directory.</param>
/// <param name="uri">Of the libvirt that <paramref name="stopper"/> works with; those of another one are left to its jobs.</param>
/// <param name="stopper">Ends them.</param>
/// <param name="locks">The lock of a VM is held while it is removed.</param>
internal sealed class KeptVms(JobKey self, AbsolutePath stateDir, string uri, DomainStopper stopper, StateLocks locks)
{
    /// <summary>Ends the one that has taken most and gives its room back; its record is left for gc, which then removes the rest.</summary>
    /// <returns>Whether room was made.</returns>
    public async Task<bool> TryEndLargestAsync(KeptVmShortage shortage, Action<string> tell)
    {
        try
        {
            foreach (var (directory, record, bytes) in Find(shortage))
            {
                var key = JobKey.TryParse(record.Stamp.Key, out var parsed) ? parsed : null;
                using var held = key is null ? null : locks.TryTake(key);
                if (held is null)
                {
                    continue;
                }

                tell($"the {shortage.What} of this host is nearly full: ending VM {key!.Domain}, which was kept after its job ({RoughSize.Of(bytes)})");
                var written = directory.DiskBytes();
                await stopper.DestroyAsync(key.Domain.Value, CancellationToken.None).ConfigureAwait(false);
                directory.RemoveOverlays();
                var stopped = new StopRecord(shortage.Code.Number, false, $"the host's {shortage.What} was nearly full", "Make room on it.", written);
                await directory.UpdateAsync(locks, now => now with { Kept = false, Stopped = stopped }).ConfigureAwait(false);
                return true;
            }
        }
        catch (Exception e) when (e is HypervisorException or HostFileException)
        {
            tell($"a VM that was kept after its job had failed could not be ended: {e.Message}");
        }

        return false;
    }

    private IEnumerable<(JobDirectory Directory, JobRecord Record, long Bytes)> Find(KeptVmShortage shortage) =>
        from folder in JobFolder.List(stateDir).Ours
        where !folder.IsHalf && folder.Key != self
        let directory = JobDirectory.Of(stateDir, folder.Key)
        let record = directory.Read()
        where record is { Kept: true, Stopped: null } && record.LibvirtUri == uri
        let bytes = shortage.Measure(directory)
        orderby bytes descending
        select (directory, record, bytes);
}
