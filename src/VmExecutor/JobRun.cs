using VmExecutor.Core.Jobs;
using VmExecutor.Host;
using VmExecutor.Host.Clones;
using VmExecutor.Observing;
using VmExecutor.Starting;

namespace VmExecutor;

/// <summary>One job in this process: its directory with its record, its log, and the times of its start's phases.</summary>
/// <param name="key">The job.</param>
/// <param name="machine">Where its VM is.</param>
/// <param name="log">Its log.</param>
internal sealed class JobRun(JobKey key, Machine machine, JobLog log)
{
    private JobRecord? _record;

    public JobKey Key { get; } = key;

    public JobDirectory Directory { get; } = JobDirectory.Of(machine.StateDir, key);

    public JobLog Log { get; } = log;

    public PhaseTimes Times { get; } = new(machine.Time);

    /// <summary>
    /// The record as it was last read or written here; null: there is none, or it is unreadable. Other processes change it as
    /// well, so a decision on their word (that the job was stopped) is made in <see cref="UpdateAsync"/>, or asks
    /// <see cref="Directory"/>.
    /// </summary>
    public JobRecord? Record => _record ??= Directory.Read();

    /// <inheritdoc cref="JobDirectory.UpdateAsync"/>
    public async Task<JobRecord?> UpdateAsync(Func<JobRecord, JobRecord?> change, CancellationToken cancellationToken)
    {
        // A change that is not made returns no record, though there may be one: the record is read again when it is next asked for.
        _record = null;
        return _record = await Directory.UpdateAsync(machine.Locks, change, cancellationToken);
    }
}
