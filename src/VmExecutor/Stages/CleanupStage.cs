using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Host;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Observing;
using VmExecutor.Host.Waiting;
using VmExecutor.Keeping;
using VmExecutor.Observing;
using VmExecutor.ProjectDisks;
using VmExecutor.StandingBy;

namespace VmExecutor.Stages;

/// <summary>
/// Removes everything of the job and writes its line of the ledger; with nothing there it succeeds. Has a deadline of its own: a
/// cancelled cleanup no longer waits politely, still removes what it can in a moment, and leaves the rest to gc.
/// </summary>
/// <param name="machine">The machine.</param>
/// <param name="environment">The variables that the runner set for this process.</param>
/// <param name="report">The stage's line in the operator's log.</param>
internal sealed class CleanupStage(Machine machine, StageEnvironment environment, StageReport report)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan HurriedLimit = TimeSpan.FromSeconds(1.5);

    // A prepare that was killed no longer holds the job's lock. One that the kernel does not let die must not keep its VM.
    private static readonly TimeSpan LockLimit = TimeSpan.FromSeconds(10);

    /// <param name="job">The job.</param>
    /// <param name="log">The runner's own log.</param>
    /// <param name="cancellationToken">Hurries.</param>
    /// <returns>What there was; null: the VM stays for people.</returns>
    /// <exception cref="CleanupException">Something is left.</exception>
    public async Task<Removal?> RunAsync(Job job, JobLog log, CancellationToken cancellationToken)
    {
        var run = new JobRun(job.Key, machine, log);
        var result = JobResult.Of(environment);
        new ScriptKeeping(machine.Settings, environment, machine.Time).Keep(job, result, run);
        report.AddRecord(run.Record);
        report.Add(line => line with { Result = result, Phases = null });
        Removal? removal = null;
        if (await new KeepAtCleanup(machine, () => TrustedJob.Secrets(environment)).TryAsync(run, result, cancellationToken))
        {
            report.Add(line => line with { Outcome = "kept" });
        }
        else
        {
            removal = await RemoveAsync(run, result, cancellationToken);
            report.AddRemoval(removal);
        }

        await new StandbyRefill(machine).BeginAsync(image: null);
        await new MetricsFile(machine).RefreshAsync(log, cancellationToken);
        return removal;
    }

    /// <param name="run">The job.</param>
    /// <param name="result">The result, for the ledger.</param>
    /// <param name="cancellationToken">Hurries.</param>
    /// <exception cref="CleanupException">Something is left.</exception>
    /// <returns>What there was.</returns>
    internal async Task<Removal> RemoveAsync(JobRun run, string result, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(Limit, HurriedLimit, machine.Time, cancellationToken);
        using var held = await TryTakeLocksAsync(run, cancellationToken);
        var disk = await new ProjectDiskEnd(machine).BeginAsync(run, result, cancellationToken);
        var removal = await machine.RemoverAt(run.Record?.LibvirtUri, disk?.AtEnd)
            .RemoveAsync(run.Key, run.Directory, run.Record?.ShutdownGrace ?? disk?.Grace, run.Log.Say, hurry: cancellationToken, deadline.Token);
        machine.Taken.Remove(run.Job);
        if (removal.Parts.Count > 0)
        {
            await NoteAsync(run, result, removal, deadline.Token);
        }

        // Also for what a killed prepare of this job left under another name: its probe for KVM.
        await machine.QuickCollection.RunAsync(run.Key, deadline.Token);
        return removal;
    }

    private async Task NoteAsync(JobRun run, string result, Removal removal, CancellationToken cancellationToken)
    {
        try
        {
            var ended = removal.Record?.Stopped?.Result ?? removal.Record?.Keep?.Result ?? result;
            var entry = LedgerEntries.Of(run.Key, removal, "cleanup", ended, removal.Record?.Stopped?.Reason, machine.Time.GetUtcNow());
            await machine.Ledger.AppendAsync(entry, cancellationToken);
        }
        catch (SystemFailureException e)
        {
            run.Log.Warn(e.Message);
        }
    }

    private static async Task<IDisposable?> TryTakeLocksAsync(JobRun run, CancellationToken cancellationToken)
    {
        try
        {
            return await run.LockAsync(LockLimit, cancellationToken);
        }
        catch (Exception e) when (e is HostFileException or OperationCanceledException)
        {
            // A file system that takes no lock must not keep the VM from being destroyed.
            return null;
        }
    }
}
