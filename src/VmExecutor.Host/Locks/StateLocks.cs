using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.IO.Hashing;
using System.Text;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Host.Locks;

/// <summary>
/// The locks below <c>state_dir/locks</c>. Each job has one for the process that makes or removes its VM, one for its running script, and
/// one for a change of its record. Each image has one. The others are the places of jobs that wait for capacity, the right to decide on
/// it, and the ledger's, the operator's log's and the metrics'. Each project's disk has one. Disposing releases all that were taken here, as the process's end does.
/// </summary>
public sealed class StateLocks(AbsolutePath stateDir, TimeProvider time) : IDisposable
{
    // VMs that start side by side, and watches beside a script, take locks at once.
    private readonly ConcurrentDictionary<KernelLock, bool> _taken = new();

    /// <summary>No disk's: theirs are even.</summary>
    private const long PositionOfRoom = 1;

    /// <summary>In the file of the right to decide which job fits, which is its first byte.</summary>
    private const long PositionOfMemory = 1;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Null: another process is at work on that job.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public KernelLock? TryTake(JobKey job) => Remember(KernelLock.TryTake(LockFile(LockFiles.Jobs), PositionOf(job)));

    /// <summary>Waits until the process that works on that job has ended its work; null: not within the limit.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public Task<KernelLock?> TakeAsync(JobKey job, TimeSpan limit, CancellationToken cancellationToken) =>
        TakeAsync(() => TryTake(job), limit, cancellationToken);

    /// <summary>
    /// The right to change that job's record, also for processes that do not hold the job's lock; held for a moment only.
    /// </summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public Task<KernelLock?> TakeRecordAsync(JobKey job, TimeSpan limit, CancellationToken cancellationToken) =>
        TakeAsync(() => Remember(KernelLock.TryTake(LockFile(LockFiles.Records), PositionOf(job))), limit, cancellationToken);

    /// <summary>The right to write to the ledger and to exchange it; held for a moment only.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public Task<KernelLock?> TakeLedgerAsync(TimeSpan limit, CancellationToken cancellationToken) =>
        TakeAsync(() => Remember(KernelLock.TryTake(LockFile(LockFiles.Ledger), 0)), limit, cancellationToken);

    /// <summary>The right to write to the operator's log and to exchange it; held for a moment only.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public Task<KernelLock?> TakeLogAsync(TimeSpan limit, CancellationToken cancellationToken) =>
        TakeAsync(() => Remember(KernelLock.TryTake(LockFile(LockFiles.Log), 0)), limit, cancellationToken);

    /// <summary>
    /// The right to read all numbers and to write them for Prometheus: an older reading must not come after a newer one.
    /// </summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public Task<KernelLock?> TakeMetricsAsync(TimeSpan limit, CancellationToken cancellationToken) =>
        TakeAsync(() => Remember(KernelLock.TryTake(LockFile(LockFiles.Metrics), 0)), limit, cancellationToken);

    /// <summary>The right to make standby clones. Null: another process does.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public KernelLock? TryTakeStandby() => Remember(KernelLock.TryTake(LockFile(LockFiles.Standby), 0));

    /// <summary>Waits for the right to make standby clones; null: another process has it for longer than the limit.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public Task<KernelLock?> TakeStandbyAsync(TimeSpan limit, CancellationToken cancellationToken) => TakeAsync(TryTakeStandby, limit, cancellationToken);

    /// <summary>True when a process makes standby clones.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public bool StandbyIsMade => KernelLock.FindHeld(LockFile(LockFiles.Standby), 0, 1) is not null;

    /// <summary>The right to publish, switch and remove generations of an image. Null: another process has it.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public KernelLock? TryTake(ImageName image) => Remember(KernelLock.TryTake(LockFile(LockFiles.Images), PositionOf(image.Value)));

    /// <summary>The right to take a project's disk, to give it a new version, and to remove it. Null: another process has it.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public KernelLock? TryTake(ProjectDiskKey disk) => Remember(KernelLock.TryTake(LockFile(LockFiles.ProjectDisks), PositionOf(disk.Value)));

    /// <summary>The same; null: another process has it for longer than the limit.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public Task<KernelLock?> TakeAsync(ProjectDiskKey disk, TimeSpan limit, CancellationToken cancellationToken) => TakeAsync(() => TryTake(disk), limit, cancellationToken);

    /// <summary>The right to remove projects' disks so that the host has room. Null: another process does that for longer than the limit.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public Task<KernelLock?> TakeRoomAsync(TimeSpan limit, CancellationToken cancellationToken) =>
        TakeAsync(() => Remember(KernelLock.TryTake(LockFile(LockFiles.ProjectDisks), PositionOfRoom)), limit, cancellationToken);

    /// <summary>True when a process is at work on that job: its prepare, its cleanup, or gc.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public bool IsHeld(JobKey job) => KernelLock.FindHeld(LockFile(LockFiles.Jobs), PositionOf(job), 1) is not null;

    /// <summary>Held while a script of the job runs; null: another script of it runs, which no runner does.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public KernelLock? TryTakeScript(JobKey job) => Remember(KernelLock.TryTake(LockFile(LockFiles.Scripts), PositionOf(job)));

    /// <summary>True when a script of that job runs, and with it a watch over the disk that it fills.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public bool ScriptRuns(JobKey job) => KernelLock.FindHeld(LockFile(LockFiles.Scripts), PositionOf(job), 1) is not null;

    /// <summary>The right to decide whether a job fits and to claim its share; held for a moment only.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public Task<KernelLock?> TakeCapacityAsync(TimeSpan limit, CancellationToken cancellationToken) =>
        TakeAsync(() => Remember(KernelLock.TryTake(LockFile(LockFiles.Capacity), 0)), limit, cancellationToken);

    /// <summary>
    /// The right to end a VM since the host is short of memory, held until the VM is gone. The memory of a QEMU that ends is given back after its process shows none any more, so other
    /// processes cannot see that room is being made. Null: another process has it for longer than the limit.
    /// </summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public Task<KernelLock?> TakeMemoryAsync(TimeSpan limit, CancellationToken cancellationToken) =>
        TakeAsync(() => Remember(KernelLock.TryTake(LockFile(LockFiles.Capacity), PositionOfMemory)), limit, cancellationToken);

    /// <summary>A place in the queue for capacity, behind all that are taken.</summary>
    /// <param name="arrival">Since boot.</param>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public QueuePlace TakePlace(TimeSpan arrival)
    {
        var place = QueuePlace.Take(LockFile(LockFiles.Queue), (long)arrival.TotalMicroseconds);
        Remember(place.Held);
        return place;
    }

    /// <summary>The number of locks that are held here.</summary>
    internal int Held => _taken.Count;

    public void Dispose()
    {
        foreach (var taken in _taken.Keys)
        {
            taken.Dispose();
        }
    }

    private KernelLock? Remember(KernelLock? taken)
    {
        if (taken is not null)
        {
            _taken[taken] = true;
            taken.Released = released => _taken.TryRemove(released, out _);
        }

        return taken;
    }

    private async Task<KernelLock?> TakeAsync(Func<KernelLock?> tryTake, TimeSpan limit, CancellationToken cancellationToken)
    {
        KernelLock? taken = null;
        await new Poll(limit, PollInterval, time).UntilAsync(
            _ => Task.FromResult((taken = tryTake()) is not null), cancellationToken).ConfigureAwait(false);
        return taken;
    }

    private AbsolutePath LockFile(string name)
    {
        var folder = stateDir.Child(StateFiles.Locks);
        StateDirectories.Make(folder, StateDirectories.Private);
        return folder.Child(name);
    }

    private static long PositionOf(string name) =>
        BinaryPrimitives.ReadInt64LittleEndian(XxHash128.Hash(Encoding.ASCII.GetBytes(name))) & (long.MaxValue - 1);

    // Two jobs share a byte once in 2^63; then one waits for the other.
    private static long PositionOf(JobKey job)
    {
        Span<byte> bytes = stackalloc byte[16];
        job.Uuid.TryWriteBytes(bytes);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes) & (long.MaxValue - 1);
    }
}
