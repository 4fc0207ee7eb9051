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
    public JobKey Key { get; } = key;

    public JobDirectory Directory { get; } = JobDirectory.Of(machine.StateDir, key);

    public JobLog Log { get; } = log;

    public PhaseTimes Times { get; } = new(machine.Time);

    /// <inheritdoc cref="JobDirectory.UpdateAsync"/>
    public Task<JobRecord?> UpdateAsync(Func<JobRecord, JobRecord?> change, CancellationToken cancellationToken) =>
        Directory.UpdateAsync(machine.Locks, change, cancellationToken);
}
