using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Ledger;
using VmExecutor.Host.Leftovers;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Stages;

/// <summary>Makes the job's linked clone ready for scripts, or leaves nothing: what fails or is cancelled half-way is undone.</summary>
internal sealed class PrepareStage(
    IHypervisor hypervisor,
    CloneStart start,
    CloneRemover remover,
    QuickCollection collection,
    StateLocks locks,
    LedgerFile ledger,
    TimeProvider time)
{
    private const int MostServices = 5;

    /// <summary>Longer than any single step of the undoing may take.</summary>
    private static readonly TimeSpan UndoLimit = TimeSpan.FromSeconds(60);

    /// <summary>A cancelled prepare ends within two seconds; what it cannot undo in this time is left to cleanup, which the runner calls next.</summary>
    private static readonly TimeSpan HurriedUndoLimit = TimeSpan.FromSeconds(1);

    /// <summary>Longer than a collection that is just removing an earlier attempt of this job takes.</summary>
    private static readonly TimeSpan LockLimit = TimeSpan.FromSeconds(30);

    /// <param name="plan">What to make.</param>
    /// <param name="stamp">Who owns it.</param>
    /// <param name="log">The job log.</param>
    /// <param name="cancellationToken">Cancelled: what was made is undone first.</param>
    public async Task RunAsync(ClonePlan plan, OwnershipStamp stamp, JobLog log, CancellationToken cancellationToken)
    {
        var times = new PhaseTimes(time);
        var version = await hypervisor.GetVersionAsync(cancellationToken);
        log.Say($"{DriverVersion.Name} {DriverVersion.Text}: image '{plan.Image.Name}'{(plan.Generation is { } generation ? $" (generation {generation.Number})" : "")} as VM {plan.Domain} (libvirt {version.Libvirt}, QEMU {version.Qemu}, {hypervisor.Uri})");
        if (plan.Job.Services.Count > 0)
        {
            log.Warn($"no services are started here ({ServiceNames(plan.Job.Services)}): start what the job needs in its script; it has a machine of its own");
        }

        var key = plan.Job.Key;
        if (await collection.RunAsync(key, cancellationToken) is > 0 and var removed)
        {
            log.Say($"Removed what {removed} earlier job{(removed == 1 ? "" : "s")} left on this host");
        }

        using var held = await locks.TakeAsync(key, LockLimit, cancellationToken) ?? throw new SystemFailureException(
            ErrorCodes.JobIsBusy,
            $"another process is still at work on job {key}: an earlier attempt that does not end, or a removal",
            $"See what holds it: ps -eo pid,stat,wchan,args | grep {DriverVersion.Name}");

        // An earlier attempt of this job may have left something, whatever became of its cleanup.
        var directory = new JobDirectory(key, plan.Paths);
        var earlier = await remover.RemoveAsync(key, directory, grace: null, log.Say, hurry: cancellationToken, cancellationToken);
        if (earlier.Parts.Count > 0)
        {
            log.Say("Removed what an earlier attempt of this job left");
            await NoteAsync(key, earlier, "an_earlier_attempt", log);
        }

        try
        {
            await start.RunAsync(plan, stamp, directory, log, times, cancellationToken);
            EnsureSomebodyWaits(stamp);
        }
        catch (Exception e)
        {
            await UndoAsync(key, directory, e, log, cancellationToken);
            throw;
        }

        log.Say($"Ready after {times.With(directory.Read()?.Start ?? "cold")}");
    }

    private static string ServiceNames(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(MostServices).Select(name => PlainText.OneLine(name, 80))) + (names.Count > MostServices ? ", …" : "");

    /// <summary>A runner that was killed meanwhile will call neither run nor cleanup.</summary>
    private static void EnsureSomebodyWaits(OwnershipStamp stamp)
    {
        if (!ProcessTable.Runs(stamp.Runner))
        {
            throw new SystemFailureException(
                ErrorCodes.RunnerGone,
                $"the runner that asked for this VM (process {stamp.Runner.Pid}) is gone, so the VM was removed again",
                "See why the runner ended: journalctl -u gitlab-runner");
        }
    }

    private async Task UndoAsync(JobKey key, JobDirectory directory, Exception cause, JobLog log, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(UndoLimit, HurriedUndoLimit, time, cancellationToken);
        try
        {
            // Hurried in any case: our own start is not in flight any more, and there is nothing to wait for politely.
            var removal = await remover.RemoveAsync(key, directory, grace: null, log.Say, hurry: new CancellationToken(canceled: true), deadline.Token);
            if (removal.Parts.Count > 0)
            {
                await NoteAsync(key, removal, cause is DriverException failure ? failure.Code.ToString() : cause is OperationCanceledException ? "cancelled" : "bug", log);
            }
        }
        catch (CleanupException e)
        {
            log.Warn($"while undoing: {e.Message}. What is left goes with the cleanup stage, or with '{DriverVersion.Name} gc'.");
        }
    }

    private async Task NoteAsync(JobKey key, Removal removal, string reason, JobLog log)
    {
        try
        {
            await ledger.AppendAsync(LedgerEntries.Of(key, removal, "prepare", "prepare_failed", reason, time.GetUtcNow()), CancellationToken.None);
        }
        catch (SystemFailureException e)
        {
            log.Warn(e.Message);
        }
    }
}
