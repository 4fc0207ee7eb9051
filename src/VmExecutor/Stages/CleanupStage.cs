using VmExecutor.Core.Clones;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;

namespace VmExecutor.Stages;

/// <summary>Removes everything of the job; with nothing there it succeeds.</summary>
internal sealed class CleanupStage(CloneRemover remover)
{
    /// <exception cref="CleanupException">Something is left.</exception>
    public Task RunAsync(Job job, AbsolutePath stateDir, JobLog log, CancellationToken hurry, CancellationToken cancellationToken)
    {
        var directory = new JobDirectory(JobPaths.For(stateDir, job.Key));
        return remover.RemoveAsync(job.Key, directory, directory.Read()?.ShutdownGrace, log.Say, hurry, cancellationToken);
    }
}
