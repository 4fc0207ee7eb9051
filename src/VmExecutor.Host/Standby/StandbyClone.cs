using VmExecutor.Core.Jobs;
using VmExecutor.Host.Clones;

namespace VmExecutor.Host.Standby;

/// <summary>A clone that waits for a job.</summary>
/// <param name="Directory">Its directory.</param>
/// <param name="Record">Its record, as it was read.</param>
public sealed record StandbyClone(JobDirectory Directory, JobRecord Record)
{
    public JobKey Key => Directory.Key;
}
