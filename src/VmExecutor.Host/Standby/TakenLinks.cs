using VmExecutor.Core.Clones;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Standby;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Locks;

namespace VmExecutor.Host.Standby;

/// <summary>
/// The way from a job to the standby clone that it took: a symbolic link <c>state_dir/taken/JOB</c> to the clone's directory. The directory keeps
/// its name, since libvirt and QEMU go on by it. The clone's record alone says whose it is: a link without such a record means nothing.
/// </summary>
public sealed class TakenLinks(AbsolutePath stateDir)
{
    /// <summary>The clone that a job has: the one that it took, or the one of its own key.</summary>
    public JobKey CloneOf(JobKey job) => Target(job) is { } clone && IsOf(clone, job) ? clone : job;

    /// <summary>The job that a clone belongs to: the one that took it, or the one of its own key.</summary>
    public JobKey JobOf(JobKey clone) =>
        StandbyKey.MayBe(clone) && JobKey.TryParse(JobDirectory.Of(stateDir, clone).Read()?.Stamp.Job, out var job) ? job : clone;

    /// <summary>Makes a job's link, in place of one that means nothing.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public void Make(JobKey job, JobKey clone)
    {
        StateDirectories.Make(JobPaths.Taken(stateDir), StateDirectories.Private);
        Remove(job);
        HostFile.CreateSymbolicLink(PathOf(job), $"../{JobPaths.Jobs(stateDir).Name}/{clone}");
    }

    /// <summary>Removes a job's link; without one it succeeds.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public void Remove(JobKey job)
    {
        if (HostFile.LinkTarget(PathOf(job)) is not null)
        {
            HostFile.Delete(PathOf(job));
        }
    }

    /// <summary>Removes the links that mean nothing: their clone is gone or another job's, and no process is at work on their job.</summary>
    /// <returns>The jobs of those links, each with the reason why its link stays; null: it was removed, or would be.</returns>
    /// <exception cref="HostFileException">The links cannot be listed.</exception>
    public IReadOnlyList<(JobKey Job, string? Failure)> RemoveIdle(StateLocks locks, bool dryRun)
    {
        var found = new List<(JobKey, string?)>();
        foreach (var job in Jobs())
        {
            try
            {
                if (TryRemoveIdle(job, locks, dryRun))
                {
                    found.Add((job, null));
                }
            }
            catch (HostFileException e)
            {
                found.Add((job, e.Message));
            }
        }

        return found;
    }

    private bool TryRemoveIdle(JobKey job, StateLocks locks, bool dryRun)
    {
        if (!IsIdle(job))
        {
            return false;
        }

        using var held = locks.TryTake(job);
        var isIdle = held is not null && IsIdle(job);
        if (isIdle && !dryRun)
        {
            Remove(job);
        }

        return isIdle;
    }

    /// <summary>A link whose clone's record cannot be looked at may mean something.</summary>
    private bool IsIdle(JobKey job)
    {
        if (HostFile.LinkTarget(PathOf(job)) is not { } target || !JobKey.TryParse(Path.GetFileName(target), out var clone))
        {
            return true;
        }

        var (record, outOfReach) = JobDirectory.Of(stateDir, clone).Look();
        return outOfReach is null ? record?.Stamp.Job != job.Value : throw outOfReach;
    }

    private IEnumerable<JobKey> Jobs()
    {
        try
        {
            return [.. HostDirectory.List(JobPaths.Taken(stateDir))
                .Select(entry => JobKey.TryParse(entry.Name, out var job) ? job : null).OfType<JobKey>()];
        }
        catch (HostFileException gone) when (gone.IsMissing)
        {
            return [];
        }
    }

    private bool IsOf(JobKey clone, JobKey job) => JobDirectory.Of(stateDir, clone).Read()?.Stamp.Job == job.Value;

    /// <summary>Null also where it cannot be looked at: the job's own clone is removed then, and gc finds the other by its record.</summary>
    private JobKey? Target(JobKey job)
    {
        try
        {
            return HostFile.LinkTarget(PathOf(job)) is { } target && JobKey.TryParse(Path.GetFileName(target), out var clone) ? clone : null;
        }
        catch (HostFileException)
        {
            return null;
        }
    }

    private string PathOf(JobKey job) => JobPaths.Taken(stateDir).Child(job.Value).Value;
}
