using VmExecutor.Core.Jobs;
using VmExecutor.Core.Keeping;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;

namespace VmExecutor.Keeping;

/// <summary>
/// After a job's script has failed: tells whether its VM will be kept, and how to enter it. It is told now, since cleanup's lines are not
/// in the job log. Earlier jobs have the places of <c>limits: max_kept</c>: a VM that a job log has promised is kept as long as it says.
/// </summary>
internal sealed class KeepOffer(Machine machine)
{
    private static readonly TimeSpan DecidingTakes = TimeSpan.FromSeconds(5);

    public async Task MakeAsync(JobRun run, string subStage)
    {
        var (key, directory, log) = (run.Key, run.Directory, run.Log);
        try
        {
            if (directory.Read() is not { KeepFailed: { } plan, Keep: null, Stopped: null } record)
            {
                return;
            }

            // Two that fail in the same moment do not both get the last place.
            using var gate = await machine.Locks.TakeCapacityAsync(DecidingTakes, CancellationToken.None)
                ?? throw new HostFileException("whether it may is not known", new IOException("another process holds the lock of capacity"));
            var holders = KeepRule.Holders(JobFolder.List(machine.StateDir).Ours.Where(folder => !folder.IsHalf && folder.Key != key)
                .Select(folder => JobDirectory.Of(machine.StateDir, folder.Key).Read()).OfType<JobRecord>());
            if (holders.Count >= machine.Settings.Limits.MaxKept)
            {
                log.Say(holders.Count == 0
                    ? "This VM will not be kept: 'limits: max_kept' of this host allows none"
                    : $"This VM will not be kept: {holders.Count} of failed jobs are kept already ('limits: max_kept'): {string.Join(", ", holders.Select(holder => holder.Stamp.JobName))}");
                return;
            }

            var keep = new KeepRecord(ScriptRecord.Name(subStage), Result: null);
            if (await run.UpdateAsync(now => now is { Keep: null, Stopped: null } ? now with { Keep = keep } : null, CancellationToken.None) is null)
            {
                return;
            }

            log.Say($"This VM is kept for {DurationText.Format(plan.For)} after the job, without the job's secrets and processes. To enter it, on host {record.Stamp.Made.Host}:");
            log.Say($"  {DriverVersion.Name} ssh {run.Job}");
        }
        catch (HostFileException e)
        {
            log.Warn($"this VM will not be kept: {e.Message}");
        }
    }
}
