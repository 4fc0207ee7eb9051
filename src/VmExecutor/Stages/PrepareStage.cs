using VmExecutor.Core.Capacity;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Observing;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Runner;
using VmExecutor.Host.Waiting;
using VmExecutor.Observing;
using VmExecutor.StandingBy;
using VmExecutor.Starting;
using VmExecutor.Trials;

namespace VmExecutor.Stages;

/// <summary>
/// Makes the job's linked clone ready for scripts, or leaves nothing: a preparation that fails or is cancelled half-way is undone.
/// </summary>
/// <param name="machine">The machine.</param>
/// <param name="environment">The variables that the runner set for this process.</param>
/// <param name="report">The stage's line in the operator's log.</param>
internal sealed class PrepareStage(Machine machine, StageEnvironment environment, StageReport report)
{
    /// <summary>Longer than any single step of the undoing may take.</summary>
    private static readonly TimeSpan UndoLimit = TimeSpan.FromSeconds(60);

    /// <summary>
    /// A cancelled prepare ends within two seconds; cleanup, which the runner calls next, removes the parts that are not undone in this
    /// time.
    /// </summary>
    private static readonly TimeSpan HurriedUndoLimit = TimeSpan.FromSeconds(1);

    /// <summary>Longer than a collection that is just removing an earlier attempt of this job takes.</summary>
    private static readonly TimeSpan LockLimit = TimeSpan.FromSeconds(30);

    /// <summary>From the configuration to a guest that is ready for scripts.</summary>
    /// <param name="job">The job.</param>
    /// <param name="start">The kinds of start that the VM may have.</param>
    /// <param name="generation">Of the image, if it is still there; null: the current one.</param>
    /// <param name="log">The job's.</param>
    /// <param name="cancellationToken">Cancelled: what was made is undone first.</param>
    public async Task RunAsync(Job job, StartChoice start, int? generation, JobLog log, CancellationToken cancellationToken)
    {
        // An administrator's trial is how the host is tried before it takes jobs again.
        if (environment.RunnerShortToken != TrialJob.ShortToken && machine.Drain.Read() is { } drained)
        {
            throw CapacityFailures.Drained(drained);
        }

        var decision = new JobPlan(machine, log.Warn);
        var plan = decision.Decide(job, generation) with { Start = start };
        report.Add(line => line with { Image = plan.Image.Name.Value, Generation = plan.Generation?.Number });
        var variables = machine.Variables;
        decision.WarnOfRunner(
            plan,
            variables.GetValueOrDefault($"CUSTOM_ENV_{RunnerQuoting.PosixFlag}"),
            () => new StageRunner(RunnerHost.FromEnvironment(variables), variables).Find(ProcessTable.Parent().Pid));

        var run = new JobRun(job.Key, machine, log);
        var stamp = plan.Stamp(ProcessTable.Parent(), environment.TemporaryDirectory, HostClock.Now(), machine.Time.GetUtcNow());
        await MakeAsync(plan, stamp, run, cancellationToken);
        report.AddRecord(run.Record);
    }

    /// <summary>From what was decided to a guest that is ready for scripts.</summary>
    /// <param name="plan">The plan of the clone.</param>
    /// <param name="stamp">The ownership stamp.</param>
    /// <param name="run">The job.</param>
    /// <param name="cancellationToken">Cancelled: what was made is undone first.</param>
    internal async Task MakeAsync(ClonePlan plan, OwnershipStamp stamp, JobRun run, CancellationToken cancellationToken)
    {
        var log = run.Log;
        var version = await machine.Hypervisor.GetVersionAsync(cancellationToken);
        log.Say($"{DriverVersion.Name} {DriverVersion.Text}: image '{plan.Image.Name}'{(plan.Generation is { } generation ? $" (generation {generation.Number})" : "")} as VM {plan.Domain} (libvirt {version.Libvirt}, QEMU {version.Qemu}, {machine.Hypervisor.Uri})");
        if (plan.Job.Services.Count > 0 && machine.Settings.HasServiceImages())
        {
            plan = plan with { ServiceVms = JobPlan.Services(machine, plan, TrustedJob.Services(environment)).Vms };
        }

        if (plan.Job.Services.Count > plan.ServiceVms.Count && plan.Image.Services.Engine == ServiceEngine.Off)
        {
            log.Warn($"no services are started here ({ServiceStart.Names([.. plan.Job.Services.Where(name => plan.ServiceVms.All(vm => vm.Wanted.Image != name))])}): 'services: engine' of image '{plan.Image.Name}' is off");
        }

        if (await machine.QuickCollection.RunAsync(run.Key, cancellationToken) is > 0 and var removed)
        {
            log.Say($"Removed what {Quantity.Of(removed, "earlier job")} left on this host");
        }

        using var held = await run.LockAsync(LockLimit, cancellationToken) ?? throw new SystemFailureException(
            ErrorCodes.JobIsBusy,
            $"another process is still at work on job {run.Job}: an earlier attempt that does not end, or a removal",
            $"See what holds it: ps -eo pid,stat,wchan,args | grep {DriverVersion.Name}");

        // An earlier attempt of this job may have left something, whatever became of its cleanup.
        var remover = machine.RemoverAt(uri: null);
        var earlier = await remover.RemoveAsync(run.Key, run.Directory, grace: null, log.Say, hurry: cancellationToken, cancellationToken);
        if (earlier.Parts.Count > 0)
        {
            log.Say("Removed what an earlier attempt of this job left");
            await NoteAsync(run, earlier, "an_earlier_attempt");
        }

        machine.Taken.Remove(run.Job);
        run.Use(run.Job);

        try
        {
            var preparation = new GuestPreparation(machine, new JobDetails(names => TrustedJob.Variables(environment, names), () => TrustedJob.Services(environment)));
            await new CloneStart(machine, preparation, new StandbyStart(machine)).RunAsync(plan, stamp, run, cancellationToken);
            WaitingRunner.EnsureLives(stamp, "so the VM was removed again");
        }
        catch (Exception e)
        {
            await UndoAsync(run, remover, e, cancellationToken);
            throw;
        }

        log.Say($"Ready after {run.Times.With(run.Record?.Start ?? "cold")}");
        await new StandbyRefill(machine).BeginAsync(plan.Image);
    }

    private async Task UndoAsync(JobRun run, CloneRemover remover, Exception cause, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(UndoLimit, HurriedUndoLimit, machine.Time, cancellationToken);
        try
        {
            // Hurried in any case: our own start is not in flight any more, and there is nothing to wait for politely.
            var removal = await remover.RemoveAsync(run.Key, run.Directory, grace: null, run.Log.Say, hurry: new CancellationToken(canceled: true), deadline.Token);
            machine.Taken.Remove(run.Job);
            if (removal.Parts.Count > 0)
            {
                await NoteAsync(run, removal, cause is DriverException failure ? failure.Code.ToString() : cause is OperationCanceledException ? "cancelled" : "bug");
            }
        }
        catch (CleanupException e)
        {
            run.Log.Warn($"while undoing: {e.Message}. What is left goes with the cleanup stage, or with '{DriverVersion.Name} gc'.");
        }
    }

    private async Task NoteAsync(JobRun run, Removal removal, string reason)
    {
        try
        {
            await machine.Ledger.AppendAsync(LedgerEntries.Of(run.Key, removal, "prepare", "prepare_failed", reason, machine.Time.GetUtcNow()), CancellationToken.None);
        }
        catch (SystemFailureException e)
        {
            run.Log.Warn(e.Message);
        }
    }
}
