using VmExecutor.Core.Capacity;
using VmExecutor.Core.Configuration;
using VmExecutor.Host.Files;
using VmExecutor.Host.ProjectDisks;
using VmExecutor.Observing;

namespace VmExecutor.ProjectDisks;

/// <summary>
/// Removes projects' disks that have to go, as a part of gc and of the cleanup of a job that had one. No prepare does: a job that begins must not pay for the number of disks. It never
/// fails a job.
/// </summary>
internal sealed class DiskCollection(Invocation invocation, string? configOption)
{
    /// <summary>Their limits are the images'; an image that has an error keeps nothing else from its work.</summary>
    /// <param name="log">The administrator's; told what went.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(JobLog log, CancellationToken cancellationToken)
    {
        try
        {
            using var machine = invocation.Machine(configOption);
            Tell(machine.DiskKeeper.Collect(machine.Settings));
            Tell(await new UnusedDisks(machine.StateDir, machine.Locks).MakeRoomAsync(machine.Settings.Limits.DiskHeadroom, cancellationToken));
        }
        catch (ConfigurationException e)
        {
            log.Warn($"projects' disks were not looked through: {e.Message}");
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException || HostFileException.Explains(e))
        {
            log.Warn($"projects' disks could not be looked through: {e.Message}");
        }

        void Tell(IReadOnlyList<RemovedDisk> removed)
        {
            foreach (var (disk, why) in removed)
            {
                log.Say($"Removed the project disk {disk.Name} ({RoughSize.Of(disk.Bytes)}), since {why}");
            }
        }
    }
}
