using VmExecutor.Core.Capacity;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Files;
using VmExecutor.Host.Locks;

namespace VmExecutor.Host.ProjectDisks;

/// <summary>
/// The projects' disks that no job uses at the moment. They are caches, so where the host's disk gets full they go before a job has to wait or is stopped: first those that were put
/// aside, then empty ones, then those that were not used for the longest time. A disk is removed under its lock, and a job takes it under the same: so a job has its disk or finds none.
/// </summary>
/// <param name="stateDir">The state directory.</param>
/// <param name="locks">Its locks.</param>
public sealed class UnusedDisks(AbsolutePath stateDir, StateLocks locks)
{
    /// <summary>Longer than the files of some large disks take to be removed.</summary>
    private static readonly TimeSpan RemovingTakes = TimeSpan.FromSeconds(10);

    private const int OwnShare = 20;

    /// <summary>Removes as many as the missing room takes, and none where there is room enough. It opens no file where there is.</summary>
    /// <param name="keepFree">The room that the host's disk should have.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The disks that went.</returns>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public async Task<IReadOnlyList<RemovedDisk>> MakeRoomAsync(ByteSize keepFree, CancellationToken cancellationToken)
    {
        if (Missing(keepFree) <= 0 || DiskFolder.List(stateDir).Disks.Count == 0)
        {
            return [];
        }

        // One process at a time: each would else remove as much as is missing.
        using var held = await locks.TakeRoomAsync(RemovingTakes, cancellationToken).ConfigureAwait(false);
        return held is null ? [] : MakeRoom(Missing(keepFree));
    }

    /// <summary>As <see cref="MakeRoomAsync"/>, for a job, which goes on whatever happens here. The lines name no project: they are in another project's job log.</summary>
    /// <param name="keepFree">The room that the host's disk should have.</param>
    /// <param name="tell">Takes the lines for the job log.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>True: some went.</returns>
    public async Task<bool> TryMakeRoomAsync(ByteSize keepFree, Action<string> tell, CancellationToken cancellationToken)
    {
        try
        {
            var removed = await MakeRoomAsync(keepFree, cancellationToken).ConfigureAwait(false);
            if (removed.Count > 0)
            {
                tell($"the disk of this host is nearly full: removed {Quantity.Of(removed.Count, "project disk")} that no job uses ({RoughSize.Of(removed.Sum(disk => disk.Disk.Bytes))})");
            }

            return removed.Count > 0;
        }
        catch (HostFileException)
        {
            // The job waits or is stopped then, and its message tells of the full disk.
            return false;
        }
    }

    /// <summary>Removes a disk if it is as it was when it was looked at and no job uses it. False: a job has it by now, or is just taking it.</summary>
    /// <param name="disk">As it was looked at.</param>
    internal bool TryRemove(ListedDisk disk)
    {
        using var held = locks.TryTake(disk.Key);
        var folder = new DiskFolder(stateDir, disk.Key);
        return held is not null
            && folder.Read() is { } state && state.Used == disk.State?.Used
            && DiskStore.Uses(stateDir).All(use => use.Disk != disk.Key.Value || use.Lineage != state.Lineage)
            && folder.Remove();
    }

    /// <summary>Removes a disk that was put aside.</summary>
    internal bool TryRemoveAside(ProjectDiskKey key)
    {
        using var held = locks.TryTake(key);
        return held is not null && new DiskFolder(stateDir, key).RemoveAside();
    }

    private List<RemovedDisk> MakeRoom(long missing)
    {
        const string Why = "the host's disk is nearly full";
        var removed = new List<RemovedDisk>();
        if (missing <= 0)
        {
            return removed;
        }

        var jobs = DiskStore.Uses(stateDir).ToLookup(use => use.Disk, StringComparer.Ordinal);
        var folders = DiskFolder.List(stateDir).Disks;
        foreach (var folder in folders)
        {
            var aside = ListedDisk.Of(folder, jobs) with { Bytes = folder.AsideBytes() };
            if (missing > 0 && aside.HasDamaged && TryRemoveAside(folder.Key))
            {
                missing -= aside.Bytes;
                removed.Add(new RemovedDisk(aside, Why));
            }
        }

        var disks = folders.Select(folder => ListedDisk.Of(folder, jobs)).ToDictionary(disk => disk.Key);
        foreach (var disk in DiskQuota.OrderForRoom([.. disks.Values.Select(disk => disk.Measured).OfType<MeasuredDisk>()]))
        {
            if (missing > 0 && TryRemove(disks[disk.Key]))
            {
                missing -= disk.Bytes;
                removed.Add(new RemovedDisk(disks[disk.Key], Why));
            }
        }

        return removed;
    }

    /// <summary>On a file system of their own, disks that go give no room to jobs: they go where less than a twentieth of it is free.</summary>
    private long Missing(ByteSize keepFree)
    {
        var disks = DiskFolder.All(stateDir);
        if (DiskFolder.Place(disks) is { } place && place.Device != DiskFolder.Place(stateDir)?.Device)
        {
            var (free, size) = HostDirectory.Room(disks.Value);
            return Math.Min(keepFree.Bytes, size / OwnShare) - free;
        }

        return HostRoom.FreeDisk(stateDir) is { } left ? keepFree.Bytes - left : 0;
    }
}
