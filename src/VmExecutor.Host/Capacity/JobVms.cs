using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Locks;

namespace VmExecutor.Host.Capacity;

/// <summary>The VM of a job whose script runs, and those of its services.</summary>
public sealed class JobVms(JobDirectory directory, JobRecord record, DomainStopper stopper, StateLocks locks)
{
    /// <summary>
    /// Stops the job's VMs, to their end whatever else is cancelled: a VM that lived on would take what the host no longer has. Their overlays are removed, since they
    /// are of no use any more and the other jobs need the room. Until they are gone, this job still counts as the one to stop.
    /// </summary>
    /// <param name="failure">The reason.</param>
    /// <param name="note">The reason as the record has it, unless it has another one already.</param>
    /// <param name="line">The line for the job log.</param>
    /// <param name="tell">Takes the lines for the job log.</param>
    /// <returns>The reason.</returns>
    public async Task<DriverException> StopAsync(DriverException failure, StopRecord note, string line, Action<string> tell)
    {
        tell(line);
        try
        {
            foreach (var one in (IEnumerable<JobDirectory>)[directory, .. JobDirectory.OfServices(record, directory.Paths.StateDir).Select(service => service.Directory)])
            {
                await stopper.DestroyAsync(one.Key.Domain.Value, CancellationToken.None).ConfigureAwait(false);
                one.RemoveOverlays();
            }

            await directory.UpdateAsync(locks, now => now with { Stopped = now.Stopped ?? note }).ConfigureAwait(false);
        }
        catch (HypervisorException trouble)
        {
            tell($"VM {directory.Key.Domain} could not be stopped: {trouble.Message}");
        }
        catch (HostFileException trouble)
        {
            tell(trouble.Message);
        }

        return failure;
    }
}
