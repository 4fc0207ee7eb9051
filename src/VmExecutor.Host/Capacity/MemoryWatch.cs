using VmExecutor.Core.Capacity;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Keeping;
using VmExecutor.Host.Locks;

namespace VmExecutor.Host.Capacity;

/// <summary>
/// Looks at the host's memory beside a job's running script, on a host that keeps less for VMs than they have, and stops a VM before the kernel's out-of-memory killer chooses a process.
/// </summary>
/// <param name="room">Looks.</param>
/// <param name="job">The job's directory and record.</param>
/// <param name="stopper">Ends VMs.</param>
/// <param name="giveUp">Removes a clone that waits for a job; false: there is none.</param>
/// <param name="locks">One VM is ended at a time, whichever script ends it, and none is admitted meanwhile.</param>
/// <param name="time">The clock.</param>
public sealed class MemoryWatch(
    MemoryRoom room, (JobDirectory Directory, JobRecord Record) job, DomainStopper stopper, Func<CancellationToken, Task<bool>> giveUp, StateLocks locks, TimeProvider time)
{
    /// <summary>A guest takes a GiB in a second, where memory is fast. So memory is looked at more often than the disk.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    /// <summary>Longer than deciding on a job's room takes.</summary>
    private static readonly TimeSpan DecidingTakes = TimeSpan.FromSeconds(2);

    /// <summary>Longer than ending a VM takes, also of a large one on a busy host.</summary>
    private static readonly TimeSpan EndingTakes = TimeSpan.FromSeconds(10);

    private readonly KeptVms kept = new(job.Directory.Key, job.Directory.Paths.StateDir, job.Record.LibvirtUri, stopper, locks);
    private readonly JobVms vms = new(job.Directory, job.Record, stopper, locks);
    private Task<DriverException>? _stopping;

    /// <summary>Ends with the reason once the VM is gone; null: nothing was wrong so far.</summary>
    public Task<DriverException>? Stopping => _stopping;

    /// <summary>One look. VMs that no job needs go before a job's, while there is time for that: clones that wait for jobs, then those that are only kept for people.</summary>
    /// <param name="tell">Takes the line for the job log when a VM is about to be stopped.</param>
    /// <param name="cancellationToken">Ends the wait for others; stopping the job's VM goes on to its end.</param>
    /// <exception cref="DriverException">The job has taken too much; its VM is gone.</exception>
    public async Task EnsureRoomAsync(Action<string> tell, CancellationToken cancellationToken)
    {
        try
        {
            if (room.FindShortage() is not null)
            {
                await MakeRoomAsync(tell, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is HostFileException or CleanupException or HypervisorException)
        {
            // The next look comes in a moment.
        }

        if (_stopping is not null)
        {
            throw await _stopping.ConfigureAwait(false);
        }
    }

    /// <summary>Looks again and again until cancelled.</summary>
    /// <inheritdoc cref="EnsureRoomAsync"/>
    public async Task WatchAsync(Action<string> tell, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            await EnsureRoomAsync(tell, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task MakeRoomAsync(Action<string> tell, CancellationToken cancellationToken)
    {
        // Where a process holds one of them for too long, the VM goes all the same.
        using var turn = await locks.TakeMemoryAsync(EndingTakes, cancellationToken).ConfigureAwait(false);
        using var gate = await locks.TakeCapacityAsync(DecidingTakes, cancellationToken).ConfigureAwait(false);
        if (room.FindShortage() is not { } available)
        {
            return;
        }

        var hasTime = available >= room.Watermark.Bytes / 2;
        if (hasTime && (await giveUp(cancellationToken).ConfigureAwait(false) || await kept.TryEndLargestAsync(KeptVmShortage.Memory(room.TakenByVms()), tell).ConfigureAwait(false)))
        {
            return;
        }

        if (room.FindExcess() is { } excess)
        {
            var failure = MemoryFailures.WatermarkPassed(excess, job.Record, available, room.Watermark);
            _stopping = vms.StopAsync(
                failure,
                StopRecord.Of(failure, job.Directory.DiskBytes()) with { HostMemoryBytes = excess.HostMemoryBytes },
                $"stopping VM {job.Directory.Key.Domain}, which has taken {RoughSize.Of(excess.HostMemoryBytes)} of this host's memory",
                tell);
            await _stopping.ConfigureAwait(false);
        }
    }
}
