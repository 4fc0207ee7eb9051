using System.Diagnostics.CodeAnalysis;
using VmExecutor.Core.Jobs;
using VmExecutor.Host;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Locks;
using VmExecutor.Observing;
using VmExecutor.Starting;

namespace VmExecutor;

/// <summary>One job in this process: its clone's directory with its record, its log, and the times of its start's phases.</summary>
/// <param name="job">The job.</param>
/// <param name="machine">Where its VM is.</param>
/// <param name="log">Its log.</param>
internal sealed class JobRun(JobKey job, Machine machine, JobLog log)
{
    private readonly List<KernelLock> _held = [];
    private JobRecord? _record;

    public JobKey Job { get; } = job;

    /// <summary>The key of its clone: the job's own, or that of the standby clone that it took.</summary>
    public JobKey Key => Directory.Key;

    public JobDirectory Directory { get; private set; } = JobDirectory.Of(machine.StateDir, machine.Taken.CloneOf(job));

    public JobLog Log { get; } = log;

    public PhaseTimes Times { get; } = new(machine.Time);

    /// <summary>
    /// The record as it was last read or written here; null: there is none, or it is unreadable. Other processes change it as
    /// well, so a decision on their word (that the job was stopped) is made in <see cref="UpdateAsync"/>, or asks
    /// <see cref="Directory"/>.
    /// </summary>
    public JobRecord? Record => _record ??= Directory.Read();

    /// <summary>From now on the job's clone is this one.</summary>
    public void Use(JobKey clone)
    {
        if (clone != Key)
        {
            Directory = JobDirectory.Of(machine.StateDir, clone);
            _record = null;
        }
    }

    /// <summary>
    /// Waits for the right to make and remove the job's VM: the locks of the job and of its clone, which is looked for again under the first.
    /// Disposing gives them back. Null: another process has one of them for longer than the limit.
    /// </summary>
    /// <exception cref="Host.Files.HostFileException">The file system refused.</exception>
    public async Task<IDisposable?> LockAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        if (!Hold(await machine.Locks.TakeAsync(Job, limit, cancellationToken)))
        {
            return null;
        }

        Use(machine.Taken.CloneOf(Job));
        if (Key != Job && !Hold(await machine.Locks.TakeAsync(Key, limit, cancellationToken)))
        {
            new Release(_held).Dispose();
            return null;
        }

        return new Release(_held);
    }

    /// <summary>Gives a lock back together with the job's own. False: there is none.</summary>
    public bool Hold([NotNullWhen(true)] KernelLock? taken)
    {
        if (taken is not null)
        {
            _held.Add(taken);
        }

        return taken is not null;
    }

    /// <inheritdoc cref="JobDirectory.UpdateAsync"/>
    public async Task<JobRecord?> UpdateAsync(Func<JobRecord, JobRecord?> change, CancellationToken cancellationToken)
    {
        // A change that is not made returns no record, though there may be one: the record is read again when it is next asked for.
        _record = null;
        return _record = await Directory.UpdateAsync(machine.Locks, change, cancellationToken);
    }

    private sealed class Release(List<KernelLock> held) : IDisposable
    {
        public void Dispose()
        {
            held.ForEach(taken => taken.Dispose());
            held.Clear();
        }
    }
}
