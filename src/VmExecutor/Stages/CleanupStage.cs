using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Ledger;
using VmExecutor.Host.Leftovers;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Stages;

/// <summary>
/// Removes everything of the job and writes its line of the ledger; with nothing there it succeeds. Has a deadline of its own: a
/// cancelled cleanup no longer waits politely, still removes what it can in a moment, and leaves the rest to gc.
/// </summary>
internal sealed class CleanupStage(CloneRemover remover, QuickCollection collection, StateLocks locks, LedgerFile ledger, TimeProvider time)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan HurriedLimit = TimeSpan.FromSeconds(1.5);

    // A prepare that was killed no longer holds the job's lock. One that the kernel does not let die must not keep its VM.
    private static readonly TimeSpan LockLimit = TimeSpan.FromSeconds(10);

    /// <param name="key">The job.</param>
    /// <param name="result">How it ended, for the ledger.</param>
    /// <param name="directory">Its directory.</param>
    /// <param name="log">The runner's own log.</param>
    /// <param name="cancellationToken">Hurries.</param>
    /// <exception cref="CleanupException">Something is left.</exception>
    /// <returns>What there was.</returns>
    public async Task<Removal> RunAsync(JobKey key, string result, JobDirectory directory, JobLog log, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(Limit, HurriedLimit, time, cancellationToken);
        using var held = await TryTakeLockAsync(key, cancellationToken);
        var removal = await remover.RemoveAsync(key, directory, directory.Read()?.ShutdownGrace, log.Say, hurry: cancellationToken, deadline.Token);
        if (removal.Parts.Count > 0)
        {
            await NoteAsync(key, result, removal, log, deadline.Token);
        }

        // Also for what a killed prepare of this job left under another name: its probe for KVM.
        await collection.RunAsync(key, deadline.Token);
        return removal;
    }

    private async Task NoteAsync(JobKey key, string result, Removal removal, JobLog log, CancellationToken cancellationToken)
    {
        try
        {
            var ended = removal.Record?.Stopped?.Result ?? removal.Record?.Keep?.Result ?? result;
            await ledger.AppendAsync(LedgerEntries.Of(key, removal, "cleanup", ended, removal.Record?.Stopped?.Reason, time.GetUtcNow()), cancellationToken);
        }
        catch (SystemFailureException e)
        {
            log.Warn(e.Message);
        }
    }

    private async Task<KernelLock?> TryTakeLockAsync(JobKey key, CancellationToken cancellationToken)
    {
        try
        {
            return await locks.TakeAsync(key, LockLimit, cancellationToken);
        }
        catch (Exception e) when (e is HostFileException or OperationCanceledException)
        {
            // A file system that takes no lock keeps nobody from destroying the VM.
            return null;
        }
    }
}
