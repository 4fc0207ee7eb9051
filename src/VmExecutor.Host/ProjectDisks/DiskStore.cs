using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Images.Sources;
using VmExecutor.Host.Locks;

namespace VmExecutor.Host.ProjectDisks;

/// <summary>
/// The disks of projects. A job gets an overlay on its disk's current version, and what it leaves may become the next version. The files of a version never change, and a version is
/// current by one rename: so whatever is killed, a disk has a whole version, and the jobs that have it go on on theirs.
/// </summary>
public sealed class DiskStore(AbsolutePath stateDir, StateLocks locks, DiskImages images, TimeProvider time)
{
    /// <summary>Taking a disk makes at most an empty one; a new version takes two renames.</summary>
    private static readonly TimeSpan LockLimit = TimeSpan.FromSeconds(60);

    /// <summary>Gives a job its disk: an overlay in its directory, and the version in its record. A disk that is not there yet is made.</summary>
    /// <param name="plan">The disk.</param>
    /// <param name="directory">The job's.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The part of the record, and the disk's.</returns>
    /// <exception cref="DriverException">It could not be made.</exception>
    public async Task<(ProjectDiskUse Use, ProjectDiskState Disk)> TakeAsync(ProjectDiskPlan plan, JobDirectory directory, CancellationToken cancellationToken)
    {
        var folder = new DiskFolder(stateDir, plan.Key);
        using var held = await LockAsync(plan.Key, cancellationToken).ConfigureAwait(false);
        if (folder.Read() is not { } state || state.Owner is null || state.Version.Files.Any(file => !HostFile.Exists(folder.File(file).Value)))
        {
            // A record that cannot be read, or a version without its files, is of no use to any job.
            folder.RemoveCurrent();
            state = await MakeAsync(folder, plan, cancellationToken).ConfigureAwait(false);
        }

        var use = new ProjectDiskUse(plan.Key.Value, state.Lineage, state.Version.Number, state.Version.Files, plan.Refusal, IsMounted: false)
        {
            BuildsDir = plan.BuildsDir,
            CacheDir = plan.CacheDir,
        };

        // Before the overlay: a version that a job's record names is not removed.
        await directory.UpdateAsync(locks, record => record with { ProjectDisk = use }, cancellationToken).ConfigureAwait(false);
        HostFile.Delete(directory.Paths.ProjectDisk.Value);
        await images.MakeOverlayAsync(directory.Paths.ProjectDisk, folder.Reference(state.Version.Files[^1]), state.SizeBytes, cancellationToken).ConfigureAwait(false);
        folder.Write(state with { Used = time.GetUtcNow(), Project = plan.Owner.Project });
        return (use, state);
    }

    /// <summary>The files that a job's QEMU is handed: the overlay, and the files below it.</summary>
    public IReadOnlyList<AbsolutePath> Files(ProjectDiskUse use, JobDirectory directory) =>
        ProjectDiskKey.TryParse(use.Disk, out var key) ? [directory.Paths.ProjectDisk, .. use.Files.Reverse().Select(new DiskFolder(stateDir, key).File)] : [];

    /// <summary>Makes what a job has left the disk's next version. The job's VM is gone.</summary>
    /// <param name="use">The part of the job's record.</param>
    /// <param name="directory">The job's, which has the overlay.</param>
    /// <param name="job">Whose changes they are.</param>
    /// <param name="keepFree">The room that must stay free on the host's disk.</param>
    /// <param name="cancellationToken">Ends it; the disk keeps its version then.</param>
    /// <returns>For the ledger: the new version, or why there is none.</returns>
    /// <exception cref="DriverException">A tool or the file system refused; the disk keeps its version.</exception>
    public async Task<ProjectDiskNote> PromoteAsync(ProjectDiskUse use, JobDirectory directory, JobKey job, ByteSize keepFree, CancellationToken cancellationToken)
    {
        if (!ProjectDiskKey.TryParse(use.Disk, out var key) || use.Files.Count == 0)
        {
            return Refused(use, ProjectDiskRefusals.Failed);
        }

        var folder = new DiskFolder(stateDir, key);
        if (folder.Read() is not { } before || before.Lineage != use.Lineage || !HostFile.Exists(directory.Paths.ProjectDisk.Value))
        {
            return Refused(use, ProjectDiskRefusals.Removed);
        }

        // A job's changes are worth less than the room of all: the tools stop where the host's disk is full, and so would VMs.
        if (Room() < (use.Files.Count > 1 ? Allocated(folder.File(use.Files[^1])) : 0))
        {
            return Refused(use, ProjectDiskRefusals.NoRoom);
        }

        var overlay = directory.Paths.ProjectDisk;
        if (await images.FindRefusalAsync(overlay, folder.Reference(use.Files[^1]), before.SizeBytes, cancellationToken).ConfigureAwait(false) is { } refusal)
        {
            return Refused(use, refusal);
        }

        if (VersionChoice.NewBase(use.Files) is { } below)
        {
            await images.PutOntoAsync(overlay, folder.Reference(below), cancellationToken).ConfigureAwait(false);
        }

        var lower = use.Files[0];
        var isFlat = VersionChoice.IsFlattened(Allocated(overlay), Allocated(folder.File(lower)), Room());
        var whole = isFlat ? directory.Paths.NewProjectDisk : overlay;
        if (isFlat)
        {
            HostFile.Delete(whole.Value);
            await images.FlattenAsync(overlay, whole, cancellationToken).ConfigureAwait(false);
        }

        if (!folder.IsBesideJobs())
        {
            return HostRoom.FreeDisk(folder.Path) < Allocated(whole)
                ? Refused(use, ProjectDiskRefusals.NoRoom)
                : await BringAsync(whole).ConfigureAwait(false);
        }

        return await FinishAsync(whole).ConfigureAwait(false);

        // A rename does not reach another file system, so the file is copied to it before the disk is locked.
        async Task<ProjectDiskNote> BringAsync(AbsolutePath from)
        {
            var half = folder.HalfFile(use);
            try
            {
                await using (var content = HostFile.OpenRegular(from.Value))
                {
                    await SparseFile.WriteAsync(content, half, _ => { }, cancellationToken).ConfigureAwait(false);
                }

                return await FinishAsync(half).ConfigureAwait(false);
            }
            finally
            {
                HostFile.TryDelete(half.Value);
            }
        }

        async Task<ProjectDiskNote> FinishAsync(AbsolutePath file)
        {
            Finish(file);
            using var held = await LockAsync(key, cancellationToken).ConfigureAwait(false);
            return Switch(folder, use, directory, job, file, isFlat ? null : lower);
        }

        long? Room() => HostRoom.FreeDisk(stateDir) - keepFree.Bytes;
    }

    /// <summary>Puts a disk aside that a guest did not mount. The next job begins a new one.</summary>
    /// <returns>False: it is another version now, or was removed.</returns>
    public async Task<bool> PutAsideAsync(ProjectDiskUse use, CancellationToken cancellationToken)
    {
        if (!ProjectDiskKey.TryParse(use.Disk, out var key))
        {
            return false;
        }

        var folder = new DiskFolder(stateDir, key);
        using var held = await LockAsync(key, cancellationToken).ConfigureAwait(false);
        if (folder.Read() is not { } state || state.Lineage != use.Lineage || state.Version.Number != use.Version)
        {
            return false;
        }

        folder.PutAside();
        return true;
    }

    /// <summary>The disks that the jobs of a state directory have.</summary>
    /// <param name="stateDir">The state directory.</param>
    /// <param name="except">A job that needs its disk no more; null: none.</param>
    /// <exception cref="HostFileException">The jobs cannot be listed.</exception>
    public static IReadOnlyList<ProjectDiskUse> Uses(AbsolutePath stateDir, JobKey? except = null) =>
    [
        .. from job in JobFolder.List(stateDir).Ours
           where !job.IsHalf && job.Key != except
           let use = JobDirectory.Of(stateDir, job.Key).Read()?.ProjectDisk
           where use is not null
           select use,
    ];

    /// <summary>Removes the files of a disk that are of no use. The caller holds the disk's lock.</summary>
    internal static void Prune(DiskFolder folder, ProjectDiskState state, IReadOnlyList<ProjectDiskUse> uses)
    {
        foreach (var name in VersionChoice.Unused(folder.Files(), state, uses))
        {
            HostFile.Delete(folder.File(name).Value);
        }
    }

    internal async Task<KernelLock> LockAsync(ProjectDiskKey key, CancellationToken cancellationToken) =>
        await locks.TakeAsync(key, LockLimit, cancellationToken).ConfigureAwait(false) ?? throw new SystemFailureException(
            ErrorCodes.JobIsBusy, $"another process holds the project disk {key} for longer than {DurationText.Format(LockLimit)}", "See what holds it: ps -eo pid,stat,wchan,args | grep vm-executor");

    private async Task<ProjectDiskState> MakeAsync(DiskFolder folder, ProjectDiskPlan plan, CancellationToken cancellationToken) =>
        await folder.CreateAsync(async half =>
        {
            var lineage = HalfMadeName.Digits(Guid.NewGuid());
            var file = half.Child(ProjectDiskVersion.FileOf(lineage, 0));
            await images.MakeEmptyAsync(file, plan.Size, cancellationToken).ConfigureAwait(false);
            return ProjectDiskState.Begin(plan, lineage, Allocated(file), time.GetUtcNow());
        }).ConfigureAwait(false);

    /// <summary>A version is whole before it has its name, also after a power cut.</summary>
    private static void Finish(AbsolutePath file)
    {
        using (var stream = HostFile.Open(file.Value, FileMode.Open, FileAccess.ReadWrite))
        {
            stream.Flush(flushToDisk: true);
        }

        HostFile.SetUnixFileMode(file.Value, DiskFolder.ReadOnly);
    }

    private ProjectDiskNote Switch(DiskFolder folder, ProjectDiskUse use, JobDirectory directory, JobKey job, AbsolutePath whole, string? lower)
    {
        if (folder.Read() is not { } now || now.Lineage != use.Lineage)
        {
            return Refused(use, ProjectDiskRefusals.Removed);
        }

        var bytes = Allocated(whole) + (lower is null ? 0 : Allocated(folder.File(lower)));
        var version = VersionChoice.Next(now, time.GetUtcNow(), job.Value, lower, bytes);
        HostFile.Move(whole.Value, folder.File(version.Files[^1]).Value, overwrite: true);
        HostDirectory.Flush(folder.Path.Value);
        var state = now with { Version = version };
        folder.Write(state);
        Prune(folder, state, Uses(stateDir, except: directory.Key));
        return new(use.Disk, use.Version, version.Number, null, bytes);
    }

    private static ProjectDiskNote Refused(ProjectDiskUse use, string word) => new(use.Disk, use.Version, null, word, null);

    private static long Allocated(AbsolutePath file) => FileStat.TryRead(file)?.AllocatedBytes ?? 0;
}
