using VmExecutor.Core.Configuration;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Locks;

namespace VmExecutor.Host.ProjectDisks;

/// <summary>Lists the disks of projects, and removes those that have to go: by hand, by their age, and by the quotas.</summary>
public sealed class DiskKeeper(AbsolutePath stateDir, DiskStore store, StateLocks locks, TimeProvider time)
{
    private readonly UnusedDisks unused = new(stateDir, locks);

    /// <summary>All disks, by their projects.</summary>
    /// <exception cref="HostFileException">They cannot be listed.</exception>
    public IReadOnlyList<ListedDisk> List() =>
    [
        .. from disk in Look(DiskFolder.List(stateDir).Disks)
           orderby disk.State?.Project, disk.State?.Image, disk.State?.Part, disk.Key.Value
           select disk,
    ];

    /// <summary>Removes a disk. A job that has it goes on, and what it changes does not stay.</summary>
    /// <returns>False: there was none.</returns>
    public async Task<bool> RemoveAsync(ProjectDiskKey key, CancellationToken cancellationToken)
    {
        using var held = await store.LockAsync(key, cancellationToken).ConfigureAwait(false);
        return new DiskFolder(stateDir, key).Remove();
    }

    /// <summary>Removes what has to go. It takes no time where there are no disks. One that another process is at work on is left to the next collection.</summary>
    /// <param name="settings">The configuration, with its images.</param>
    /// <returns>The disks that went.</returns>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public IReadOnlyList<RemovedDisk> Collect(Settings settings)
    {
        var (folders, halfMade) = DiskFolder.List(stateDir);
        foreach (var (key, path) in halfMade)
        {
            // A process that makes or removes this disk holds its lock.
            using var held = locks.TryTake(key);
            if (held is not null)
            {
                HostDirectory.TryDelete(path.Value);
            }
        }

        if (folders.Count == 0)
        {
            return [];
        }

        var uses = DiskStore.Uses(stateDir);
        foreach (var folder in folders.Where(folder => folder.Read() is { } state && VersionChoice.Unused(folder.Files(), state, uses).Count > 0))
        {
            Prune(folder);
        }

        var removed = new List<RemovedDisk>();
        foreach (var folder in folders.Where(folder => AsideIsOld(folder, settings)))
        {
            var disk = ListedDisk.Of(folder, NoJobs) with { Bytes = folder.AsideBytes() };
            if (unused.TryRemoveAside(folder.Key))
            {
                removed.Add(new RemovedDisk(disk, "a guest did not mount it, and it was put aside for longer than 'project_disk: keep'"));
            }
        }

        var disks = Look(folders);
        foreach (var disk in disks.Where(disk => disk.State?.Owner is null && HostDirectory.Exists(new DiskFolder(stateDir, disk.Key).Path.Value)))
        {
            if (TryRemoveDamaged(disk.Key))
            {
                removed.Add(new RemovedDisk(disk, "its record is damaged"));
            }
        }

        var byKey = disks.ToDictionary(disk => disk.Key);
        foreach (var surplus in DiskQuota.Choose([.. disks.Select(disk => disk.Measured).OfType<MeasuredDisk>()], image => Rule(settings, image), time.GetUtcNow()))
        {
            var disk = byKey[surplus.Disk.Key];
            if (unused.TryRemove(disk))
            {
                removed.Add(new RemovedDisk(disk, surplus.Why));
            }
        }

        return removed;
    }

    private static ILookup<string, ProjectDiskUse> NoJobs => Array.Empty<ProjectDiskUse>().ToLookup(use => use.Disk);

    private static ProjectDiskSettings? Rule(Settings settings, string image) => settings.Images.FirstOrDefault(one => one.Name.Value == image)?.ProjectDisk;

    private List<ListedDisk> Look(IReadOnlyList<DiskFolder> folders)
    {
        var jobs = DiskStore.Uses(stateDir).ToLookup(use => use.Disk, StringComparer.Ordinal);
        return [.. folders.Select(folder => ListedDisk.Of(folder, jobs))];
    }

    private void Prune(DiskFolder folder)
    {
        using var held = locks.TryTake(folder.Key);
        if (held is not null && folder.Read() is { } state)
        {
            DiskStore.Prune(folder, state, DiskStore.Uses(stateDir));
        }
    }

    /// <summary>No job can begin with it: the next one makes a new disk. Jobs that have it still go on.</summary>
    private bool TryRemoveDamaged(ProjectDiskKey key)
    {
        using var held = locks.TryTake(key);
        var folder = new DiskFolder(stateDir, key);
        return held is not null && folder.Read()?.Owner is null && folder.RemoveCurrent();
    }

    /// <summary>One that was put aside stays for people as long as a disk that is not used. Its job wrote its record when it took it, a moment before.</summary>
    private bool AsideIsOld(DiskFolder folder, Settings settings) =>
        FileStat.TryRead(folder.AsidePath) is { } aside
        && DiskQuota.IsOlder(
            DateTimeOffset.UnixEpoch.AddMicroseconds(aside.ModifiedNanoseconds / 1000),
            time.GetUtcNow(),
            (folder.ReadAside() is { } state ? Rule(settings, state.Image) : null)?.Keep ?? new ProjectDiskSettings().Keep);
}
