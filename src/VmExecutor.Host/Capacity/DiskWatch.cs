using VmExecutor.Core.Capacity;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Keeping;
using VmExecutor.Host.Locks;
using VmExecutor.Host.ProjectDisks;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Host.Capacity;

/// <summary>
/// Looks each second at what a job writes, beside its running script, and stops its VM before the host's disk is full. Each running script has such a
/// watch; on a disk that gets full they agree, without talking, on the one that has written most.
/// </summary>
public sealed class DiskWatch(JobDirectory directory, JobRecord record, ByteSize watermark, DomainStopper stopper, StateLocks locks, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private readonly KeptVms kept = new(directory.Key, directory.Paths.StateDir, record.LibvirtUri, stopper, locks);
    private readonly UnusedDisks unusedDisks = new(directory.Paths.StateDir, locks);
    private readonly IReadOnlyList<JobDirectory> services = ServicesOf(record, directory.Paths.StateDir);
    private readonly JobVms vms = new(directory, record, stopper, locks);
    private Task<DriverException>? _stopping;

    /// <summary>Ends with the reason once the VM is gone; null: nothing was wrong so far.</summary>
    public Task<DriverException>? Stopping => _stopping;

    /// <summary>One look. On a disk that gets full, projects' disks that no job uses go first, then VMs that are only kept for people, and then a job's.</summary>
    /// <param name="tell">Takes the line for the job log when the VM is about to be stopped.</param>
    /// <exception cref="DriverException">The job has written too much; its VM is gone.</exception>
    public async Task EnsureRoomAsync(Action<string> tell)
    {
        var look = Look();
        if (look.FreeBytes < look.Watermark.Bytes)
        {
            // The file system may take a moment to count the room of files that are gone: the next look sees it.
            var isMade = await unusedDisks.TryMakeRoomAsync(look.Watermark, tell, CancellationToken.None).ConfigureAwait(false);
            look = isMade ? Look() with { FreeBytes = null } : Look();
        }

        if (look.FreeBytes < look.Watermark.Bytes && await kept.TryEndLargestAsync(KeptVmShortage.Disk, tell).ConfigureAwait(false))
        {
            look = Look();
        }

        if (Judge(look) is { } failure)
        {
            _stopping = vms.StopAsync(
                failure,
                StopRecord.Of(failure, look.AllBytes),
                services.Count == 0
                    ? $"stopping VM {directory.Key.Domain}, which has written {RoughSize.Of(look.WrittenBytes)} to its disk"
                    : $"stopping VM {directory.Key.Domain} and those of its services, which have written {RoughSize.Of(look.AllBytes)} to their disks",
                tell);
            throw await _stopping.ConfigureAwait(false);
        }
    }

    /// <summary>Looks each second until cancelled.</summary>
    /// <inheritdoc cref="EnsureRoomAsync"/>
    public async Task WatchAsync(Action<string> tell, CancellationToken cancellationToken)
    {
        await Task.Delay(Interval, time, cancellationToken).ConfigureAwait(false);
        await new Poll(Timeout.InfiniteTimeSpan, Interval, time).UntilAsync(
            async _ =>
            {
                await EnsureRoomAsync(tell).ConfigureAwait(false);
                return false;
            },
            cancellationToken).ConfigureAwait(false);
    }

    private DriverException? Judge(DiskLook look)
    {
        try
        {
            return look switch
            {
                { IsTooLarge: true } => DiskFailures.TooLarge(look, record.Stamp.Image),
                _ when FindLargeService(look) is { } tooLarge => tooLarge,
                { IsShort: true } when look.IsLargestOf(Others()) => DiskFailures.WatermarkPassed(look, directory.Paths.StateDir),
                _ => null,
            };
        }
        catch (HostFileException)
        {
            // The other jobs cannot be seen at the moment. The next look comes in a second.
            return null;
        }
    }

    private DiskLook Look() => new()
    {
        Job = directory.Key,
        WrittenBytes = directory.DiskBytes(),
        ServiceBytes = services.Sum(service => service.DiskBytes()),
        AllowedBytes = record.MaxOverlayBytes,
        FreeBytes = HostRoom.FreeDisk(directory.Paths.StateDir),
        Watermark = watermark,
    };

    /// <summary>The others whose scripts run: only they are watched, and only they can be stopped in this one's stead.</summary>
    private IEnumerable<(JobKey, long)> Others() =>
        from folder in JobFolder.List(directory.Paths.StateDir).Ours
        where !folder.IsHalf && folder.Key != directory.Key && locks.ScriptRuns(folder.Key)
        let other = JobDirectory.Of(directory.Paths.StateDir, folder.Key)
        select (folder.Key, other.DiskBytes() + ServicesOf(other.Read(), directory.Paths.StateDir).Sum(service => service.DiskBytes()));

    /// <summary>Each of its services has the limit of its own image.</summary>
    private BuildFailureException? FindLargeService(DiskLook look) => services
        .Select(service => (Record: service.Read(), Look: look with { Job = service.Key, WrittenBytes = service.DiskBytes() }))
        .Where(service => (service.Look with { AllowedBytes = service.Record?.MaxOverlayBytes }).IsTooLarge)
        .Select(service => DiskFailures.TooLarge(service.Look with { AllowedBytes = service.Record!.MaxOverlayBytes }, service.Record.Stamp.Image))
        .FirstOrDefault();

    private static IReadOnlyList<JobDirectory> ServicesOf(JobRecord? record, AbsolutePath stateDir) => [.. JobDirectory.OfServices(record, stateDir).Select(one => one.Directory)];
}
