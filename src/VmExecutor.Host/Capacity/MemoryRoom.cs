using VmExecutor.Core.Capacity;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Capacity;

/// <summary>
/// Looks at the host's memory for a job with a running script. Each running script has such a look; they agree, without talking, on one VM of those that have more than was kept for them.
/// A VM whose whole size was kept is never meant.
/// </summary>
public sealed class MemoryRoom(JobDirectory directory, JobRecord record, ByteSize watermark, StateLocks locks, IJobProcesses processes)
{
    /// <summary>The available memory below which a VM goes.</summary>
    public ByteSize Watermark { get; } = watermark;

    /// <summary>The host's memory that programs can still get where that is less than the watermark, in bytes; null: there is enough. It takes a tenth of a millisecond.</summary>
    /// <exception cref="Files.HostFileException">The kernel does not say.</exception>
    public long? FindShortage() => HostRoom.AvailableMemory() is var available && available < Watermark.Bytes ? available : null;

    /// <summary>The host's memory that each VM has, in bytes.</summary>
    /// <exception cref="Files.HostFileException">The processes cannot be looked at.</exception>
    public IReadOnlyDictionary<JobKey, long> TakenByVms() => processes.Find().Where(process => process.Kind == JobProcessKind.Qemu).GroupBy(process => process.Job)
        .ToDictionary(group => group.Key, group => group.Sum(qemu => ProcessTable.OwnMemory(qemu.Process.Pid) ?? 0));

    /// <summary>The job that looks, if it is the one to stop; null: it is not.</summary>
    /// <exception cref="Files.HostFileException">The other jobs cannot be looked at.</exception>
    public MemoryLook? FindExcess()
    {
        if (record.Claim?.LearnedBytes is null)
        {
            return null;
        }

        var vms = TakenByVms();
        return LookAt(directory.Key, record, vms) is { } own && own.MustGo(Others(vms)) ? own : null;
    }

    /// <summary>The others whose scripts run: only they have such a look, and only they can be stopped in this one's stead.</summary>
    private IEnumerable<MemoryLook> Others(IReadOnlyDictionary<JobKey, long> vms) =>
        from folder in JobFolder.List(directory.Paths.StateDir).Ours
        where !folder.IsHalf && folder.Key != directory.Key && vms.ContainsKey(folder.Key) && locks.ScriptRuns(folder.Key)
        let look = LookAt(folder.Key, JobDirectory.Of(directory.Paths.StateDir, folder.Key).Read(), vms)
        where look is not null
        select look;

    private static MemoryLook? LookAt(JobKey key, JobRecord? record, IReadOnlyDictionary<JobKey, long> vms) =>
        record is { Claim.LearnedBytes: { } reserved } && vms.TryGetValue(key, out var bytes)
            ? new MemoryLook { Job = key, Made = record.Stamp.Created, ReservedBytes = reserved, HostMemoryBytes = bytes }
            : null;
}
