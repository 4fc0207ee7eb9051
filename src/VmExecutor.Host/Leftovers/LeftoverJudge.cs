using VmExecutor.Core.Clones;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Leftovers;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Health;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Leftovers;

/// <summary>Decides of each job whether it is a leftover; brings <see cref="Judgement"/> the facts of the machine.</summary>
public sealed class LeftoverJudge(AbsolutePath stateDir, TimeProvider time, Func<HostMoment> now)
{
    private const string Program = "vm-executor gc";

    private readonly HostMoment _now = now();

    /// <param name="job">The job's parts that are there.</param>
    /// <param name="nameTaken">A domain of its name has no stamp of ours.</param>
    /// <param name="half">A half-made or half-removed directory of it is there.</param>
    public FoundJob Judge(FoundJob job, bool nameTaken, bool half)
    {
        if (job.OutOfReach is { } why)
        {
            return job with { Doubt = $"{why}; it may be in use, so it is left alone. Run '{Program}' as the user that the runner's jobs run as" };
        }

        if (job.Stamp is { } stamp)
        {
            return job with { Leftover = Of(stamp, job.Record) ?? (job is { IsVmGone: true, Record.IsStandby: true } ? LeftoverReason.VmGone : null) };
        }

        if (nameTaken)
        {
            return job with { Doubt = $"there is a domain {job.Key.Domain} without a stamp; neither it nor the files of that name are touched" };
        }

        return !job.HasDirectory
            ? job with { Leftover = half ? LeftoverReason.HalfMade : LeftoverReason.NoJob }
            : Strangers(job.Key) is { Count: > 0 } strangers
                ? job with { Doubt = $"its directory has no usable job.json, and has files that vm-executor did not make ({string.Join(", ", strangers.Take(3))})" }
                : job with { Leftover = LeftoverReason.NoRecord };
    }

    /// <summary>A service is in use for as long as its job is, by the job's own stamp; the job's directory is made before those of its services, and removed after them.</summary>
    /// <param name="stamp">The clone's stamp.</param>
    /// <param name="record">Its record; null: it has none.</param>
    /// <returns>Null: in use.</returns>
    public LeftoverReason? Of(OwnershipStamp stamp, JobRecord? record)
    {
        if (stamp.JobOfService is not { } job)
        {
            return Of(stamp, record?.StaysByItself == true);
        }

        var directory = JobDirectory.Of(stateDir, job);
        return directory.Read() is { } owner ? Of(owner.Stamp, owner.StaysByItself)
            : HostDirectory.Look(directory.Paths.Directory.Value) == Presence.Missing ? LeftoverReason.JobGone
            : Of(stamp, kept: false);
    }

    private LeftoverReason? Of(OwnershipStamp stamp, bool kept) => new Judgement(
        _now,
        time.GetUtcNow(),
        ProcessTable.Runs(stamp.Runner),
        !AbsolutePath.TryParse(stamp.TemporaryDirectory, out var directory) || !ProcessTable.Misses(stamp.Runner, directory),
        stamp.Made.Boot != _now.Boot && FileSystemLook.MayBeShared(stateDir)).Of(stamp, kept);

    /// <summary>The directory that a killed runner has left of a job; null: there is none, or the runner may still need it.</summary>
    internal RunnerDirectory? RunnerDirectoryOf(FoundJob job) => job.Stamp is { } stamp
        ? RunnerDirectory.Find(stamp, JobPaths.For(stateDir, job.Key).Directory, _now, stamp.Made.Boot != _now.Boot && FileSystemLook.MayBeShared(stateDir))
        : null;

    private List<string> Strangers(JobKey key)
    {
        var directory = JobPaths.For(stateDir, key).Directory;
        try
        {
            return
            [
                .. HostDirectory.List(directory).Where(entry => entry.Path is null || !JobFiles.IsOurs(entry.Name)).Select(entry => entry.Name),
            ];
        }
        catch (HostFileException e)
        {
            return e.IsMissing ? [] : [e.Reason];
        }
    }
}
