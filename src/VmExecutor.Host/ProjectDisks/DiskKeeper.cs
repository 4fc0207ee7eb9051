using VmExecutor.Core.Configuration;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.ProjectDisks;

/// <summary>A project's disk for people.</summary>
/// <param name="Key">Its key.</param>
/// <param name="State">Its record; null: damaged, or only a disk that was put aside is left.</param>
/// <param name="Bytes">Of all its files on the host's disk.</param>
/// <param name="Jobs">The number of jobs that have it now.</param>
/// <param name="HasDamaged">True: a disk that guests did not mount was put aside.</param>
public sealed record ListedDisk(ProjectDiskKey Key, ProjectDiskState? State, long Bytes, int Jobs, bool HasDamaged);

/// <summary>A disk that was removed.</summary>
/// <param name="Disk">What it was.</param>
/// <param name="Why">As the end of a sentence, behind "since".</param>
public sealed record RemovedDisk(ListedDisk Disk, string Why);

/// <summary>Lists the disks of projects, and removes those that have to go: by hand, by their age, by the quotas, and where the host's disk gets full.</summary>
public sealed class DiskKeeper(AbsolutePath stateDir, DiskStore store, TimeProvider time)
{
    /// <summary>All disks, by their projects.</summary>
    /// <exception cref="HostFileException">They cannot be listed.</exception>
    public IReadOnlyList<ListedDisk> List()
    {
        var uses = store.Uses();
        return
        [
            .. from folder in DiskFolder.List(stateDir).Disks
               let disk = Look(folder, uses)
               orderby disk.State?.Project, disk.State?.Image, disk.State?.Part, disk.Key.Value
               select disk,
        ];
    }

    /// <summary>Removes a disk. A job that has it goes on, and what it changes does not stay.</summary>
    /// <returns>False: there was none.</returns>
    public async Task<bool> RemoveAsync(ProjectDiskKey key, CancellationToken cancellationToken)
    {
        using var held = await store.LockAsync(key, cancellationToken).ConfigureAwait(false);
        return new DiskFolder(stateDir, key).Remove();
    }

    /// <summary>Removes what has to go. It takes no time where there are no disks.</summary>
    /// <param name="settings">The configuration.</param>
    /// <param name="keepFree">The room that the host's disk should have; null: that is not looked at.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The disks that went.</returns>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public async Task<IReadOnlyList<RemovedDisk>> CollectAsync(Settings settings, ByteSize? keepFree, CancellationToken cancellationToken)
    {
        var (folders, halfMade) = DiskFolder.List(stateDir);
        foreach (var (key, path) in halfMade)
        {
            // A process that makes or removes this disk holds its lock.
            using var held = await store.LockAsync(key, cancellationToken).ConfigureAwait(false);
            HostDirectory.TryDelete(path.Value);
        }

        if (folders.Count == 0)
        {
            return [];
        }

        var uses = store.Uses();
        foreach (var folder in folders.Where(folder => folder.Read() is { } state && VersionChoice.Unused(folder.Files(), state, uses).Count > 0))
        {
            await PruneAsync(folder, cancellationToken).ConfigureAwait(false);
        }

        var disks = folders.Select(folder => Look(folder, uses)).ToList();
        var removed = new List<RemovedDisk>();
        foreach (var disk in disks.Where(disk => disk.State?.Owner is null && IsOld(disk.Key, settings)))
        {
            await RemoveAsync(disk.Key, cancellationToken).ConfigureAwait(false);
            removed.Add(new RemovedDisk(disk, "it is damaged"));
        }

        var missing = keepFree is { } wanted && HostRoom.FreeDisk(stateDir) is { } free ? Math.Max(0, wanted.Bytes - free) : 0;
        var measured = disks.Where(disk => disk.State?.Owner is not null).Select(disk => new MeasuredDisk(disk.Key, disk.State!.Owner!, disk.Bytes, disk.State.Used, disk.Jobs > 0)).ToList();
        foreach (var surplus in DiskQuota.Choose(measured, image => settings.Images.FirstOrDefault(one => one.Name.Value == image)?.ProjectDisk, time.GetUtcNow(), missing))
        {
            if (await TryRemoveUnusedAsync(surplus.Disk, cancellationToken).ConfigureAwait(false))
            {
                removed.Add(new RemovedDisk(disks.First(disk => disk.Key == surplus.Disk.Key), surplus.Why));
            }
        }

        return removed;
    }

    /// <summary>Looked at again under its lock: a job may have got it meanwhile.</summary>
    private async Task<bool> TryRemoveUnusedAsync(MeasuredDisk disk, CancellationToken cancellationToken)
    {
        using var held = await store.LockAsync(disk.Key, cancellationToken).ConfigureAwait(false);
        var folder = new DiskFolder(stateDir, disk.Key);
        return folder.Read()?.Used == disk.Used && store.Uses().All(use => use.Disk != disk.Key.Value) && folder.Remove();
    }

    private async Task PruneAsync(DiskFolder folder, CancellationToken cancellationToken)
    {
        using var held = await store.LockAsync(folder.Key, cancellationToken).ConfigureAwait(false);
        if (folder.Read() is { } state)
        {
            DiskStore.Prune(folder, state, store.Uses());
        }
    }

    /// <summary>One that was put aside stays for people as long as a disk that is not used.</summary>
    private bool IsOld(ProjectDiskKey key, Settings settings)
    {
        var keep = settings.Images.Select(image => image.ProjectDisk.Keep).DefaultIfEmpty(TimeSpan.Zero).Max();
        return FileStat.TryRead(new DiskFolder(stateDir, key).AsidePath) is not { } aside
            || time.GetUtcNow() - DateTimeOffset.UnixEpoch.AddMicroseconds(aside.ModifiedNanoseconds / 1000) > keep;
    }

    private static ListedDisk Look(DiskFolder folder, IReadOnlyList<ProjectDiskUse> uses)
    {
        var state = folder.Read();
        return new(folder.Key, state, folder.Bytes(), uses.Count(use => use.Disk == folder.Key.Value && use.Lineage == state?.Lineage), HostDirectory.Exists(folder.AsidePath.Value));
    }
}
