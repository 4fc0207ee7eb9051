using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Keeping;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Keeping;
using VmExecutor.Host.Observing;
using VmExecutor.Host.Processes;
using VmExecutor.Starting;

namespace VmExecutor.Keeping;

/// <summary>
/// The cleanup of a job whose VM stays. Its secrets go first; where that is not certain, or the record cannot be written, the VM goes as any other. Until the
/// last step the record says that the job's time is over when the runner's directory is gone: whatever kills this leaves a leftover, not a VM with secrets.
/// </summary>
internal sealed class KeepAtCleanup(Machine machine, Func<JobSecrets> readSecrets)
{
    private static readonly TimeSpan LockLimit = TimeSpan.FromSeconds(10);

    /// <returns>False: it is to be removed.</returns>
    public async Task<bool> TryAsync(JobRun run, string result, CancellationToken cancellationToken)
    {
        var (key, directory, log) = (run.Key, run.Directory, run.Log);

        // A VM that is kept already is removed by the next cleanup: its removal was asked for by hand.
        if (run.Record is not { KeepFailed: { } plan, Keep: { Result: null }, Ready: { } ready, Kept: false, Stopped: null } record
            || GuestOfJob.TryAccess(key, directory.Paths, record) is not { } access)
        {
            return false;
        }

        try
        {
            using var held = await machine.Locks.TakeAsync(key, LockLimit, cancellationToken);
            var age = HostClock.SinceBoot() - record.Stamp.Made.SinceBoot - (ready - record.Stamp.Created);
            var why = held is null ? "another process is at work on it" : await new SecretRemover(machine.GuestShell, machine.Time).RemoveAsync(access, readSecrets(), plan.BuildsDir, plan.CacheDir, age, cancellationToken);
            if (why is not null)
            {
                log.Warn($"the VM of failed job {run.Job} is not kept, since the job's secrets may still be in it: {why}");
                return false;
            }

            // They may have secrets of the job as well, and nothing is known of where.
            await RemoveServicesAsync(run, record, cancellationToken);
            await machine.GuestShell.CloseAsync(access, cancellationToken);
            var ended = result == JobResult.Unknown ? "failed" : result;
            if (await run.UpdateAsync(now => now is { Keep: not null, Stopped: null } ? KeepRule.Begin(now, ended, HostClock.SinceBoot()) : null, cancellationToken) is null)
            {
                log.Warn($"the VM of failed job {run.Job} is not kept: it was stopped meanwhile");
                return false;
            }

            log.Say($"The VM of failed job {run.Job} is kept for {DurationText.Format(plan.For)}: {DriverVersion.Name} ssh {run.Job}");
            return true;
        }
        catch (Exception e) when (e is SystemFailureException or OperationCanceledException)
        {
            log.Warn($"the VM of failed job {run.Job} is not kept: {(e is SystemFailureException ? e.Message : "the cleanup was cancelled")}");
            return false;
        }
    }

    /// <summary>The record keeps what there is to say of them, until the job's VM goes, too, and the ledger gets the job's line.</summary>
    private async Task RemoveServicesAsync(JobRun run, JobRecord record, CancellationToken cancellationToken)
    {
        var removed = new List<(JobKey Key, Removal Removal)>();
        try
        {
            await machine.RemoverAt(record.LibvirtUri).RemoveServicesAsync(run.Job, run.Directory.Paths.StateDir, removed, run.Log.Say, hurry: cancellationToken, cancellationToken);
        }
        finally
        {
            if (removed.Count > 0)
            {
                await run.UpdateAsync(now => now with { RemovedServices = [.. now.RemovedServices, .. LedgerEntries.OfServices(removed)] }, CancellationToken.None);
            }
        }
    }
}
