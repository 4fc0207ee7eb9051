using VmExecutor.Core.Jobs;
using VmExecutor.Host.Clones;

namespace VmExecutor.Stages;

/// <summary>Removes everything of the job; with nothing there it succeeds.</summary>
internal sealed class CleanupStage(CloneRemover remover)
{
    /// <exception cref="CleanupException">Something is left.</exception>
    public Task RunAsync(Job job, JobDirectory directory, JobRecord? record, JobLog log, CancellationToken hurry, CancellationToken cancellationToken) =>
        remover.RemoveAsync(job.Key, directory, record?.ShutdownGrace, log.Say, hurry, cancellationToken);
}
