using System.Security.Cryptography;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Standby;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Files;
using VmExecutor.Host.Guests.Preparation;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Standby;
using VmExecutor.Host.Templates;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Starting;

/// <summary>
/// The first rung of the ladder: a clone that was made before the job came is taken, goes on, and is told the little that is the job's own. Whatever
/// goes wrong here is one line in the job log. The clone is removed then, since no other job would get it either, and the job goes one rung down.
/// </summary>
internal sealed class StandbyStart(Machine machine)
{
    private const int SeedBytes = 64;
    private const string Phase = "standby";

    /// <summary>Longer than destroying a VM takes.</summary>
    private static readonly TimeSpan UndoLimit = TimeSpan.FromSeconds(60);

    /// <param name="plan">The plan of the job's clone.</param>
    /// <param name="first">The record that a new clone of the job would have at first.</param>
    /// <param name="run">The job, whose locks this process holds; afterwards its clone is the one that was taken.</param>
    /// <param name="cancellationToken">Ends it at once; a clone that was taken is the job's then, and goes with it.</param>
    /// <returns>The clone, or the reason why there is none; both null: none is wanted.</returns>
    /// <exception cref="SystemFailureException">A clone that could not be taken could not be removed either.</exception>
    public async Task<(TakenClone? Taken, StandbyMiss? Miss)> TryAsync(ClonePlan plan, JobRecord first, JobRun run, CancellationToken cancellationToken)
    {
        var must = plan.Start == StartChoice.Standby;
        if (plan.Generation is not { } generation || !(must || (plan.Start == StartChoice.Ladder && StandbyNeed.Of(plan.Image).Count > 0)))
        {
            return (null, null);
        }

        // Its VMs are admitted together: a job that had its own already, and waited for room for the others, could wait for a job that does the same.
        // A card cannot be connected anew, and the network of a clone that waits passes everything on.
        var miss = plan.IsRestricted ? new StandbyMiss("egress", "the job has an egress policy, which in session mode a VM must have from its start")
            : plan.ServiceVms.Count > 0 ? new StandbyMiss("services", "the job has services that are VMs, and starts all its VMs together") : new StandbyMiss("none", $"no clone of image '{plan.Image.Name}' waits for a job");
        var phases = run.Times.Count;
        if (plan.ServiceVms.Count == 0 && !plan.IsRestricted && machine.Standby.Of(plan.Image.Name) is { Count: > 0 } waiting)
        {
            (var taken, miss) = await TakeOneAsync(waiting, plan, generation, first, run, cancellationToken);
            if (taken is not null)
            {
                run.Times.Ended("identity");
                return (taken, null);
            }

            run.Times.Fold(phases, Phase);
        }

        return must
            ? throw new SystemFailureException(ErrorCodes.StandbyMissing, $"a clone of image '{plan.Image.Name}' that waits could not be taken: {miss!.Text}", "See 'vm-executor standby', and docs/standby.md for the reasons.")
            : (null, miss);
    }

    private async Task<(TakenClone? Taken, StandbyMiss? Miss)> TakeOneAsync(
        IReadOnlyList<StandbyClone> waiting, ClonePlan plan, Generation generation, JobRecord first, JobRun run, CancellationToken cancellationToken)
    {
        var basis = await CloneLook.ForStart(machine, run.Log).TakeAsync(plan, first.Stamp, cancellationToken);
        var shape = await new TemplateFinder(machine.Hypervisor).ShapeAsync(basis, cancellationToken);
        run.Times.Ended("source");
        var fitness = new StandbyFitness(plan.Image, generation, shape, HostClock.Now());
        StandbyMiss? miss = null;
        foreach (var clone in waiting)
        {
            // Given back with the job's own locks.
            var held = machine.Locks.TryTake(clone.Key);
            if (held is null || clone.Directory.Read() is not { IsStandby: true } record)
            {
                held?.Dispose();
                miss ??= new StandbyMiss("busy", "another process has the clones that wait");
                continue;
            }

            if (fitness.FindMiss(record) is { } unfit)
            {
                held.Dispose();
                miss = unfit;
                continue;
            }

            run.Hold(held);
            var damage = await machine.StandbyKeeper.FindDamageAsync(clone, cancellationToken) ?? await TakeAsync(clone, record, basis, first, run, cancellationToken);
            if (damage is null)
            {
                return (new TakenClone(basis, GuestOfJob.Access(clone.Key, clone.Directory.Paths, run.Record), record), null);
            }

            await RemoveAsync(clone, record, run, cancellationToken);
            run.Log.Say($"removed a standby clone: {damage.Text}");
            miss = damage;
        }

        return (null, miss);
    }

    /// <summary>Null: the job has it.</summary>
    private async Task<StandbyMiss?> TakeAsync(StandbyClone clone, JobRecord waiting, CloneBasis basis, JobRecord first, JobRun run, CancellationToken cancellationToken)
    {
        var plan = basis.Plan;
        var limit = plan.Image.Timeouts.Warm;
        using var over = new CancellationTokenSource(limit, machine.Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        try
        {
            var claim = await new MemoryReservation(machine, run).ForTakenAsync(basis, waiting, stop.Token);
            await MakeTheJobsAsync(clone, first with { Claim = claim }, run, stop.Token);
            await WakeAsync(waiting, plan, run, stop.Token);
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new StandbyMiss("timed_out", $"VM {waiting.Domain} did not go on within {DurationText.Format(limit)} ('timeouts: warm' in {plan.Image.File})");
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && (e is DriverException or TimeoutException || HostFileException.Explains(e)))
        {
            var word = e is DriverException { Code: var code } && code == ErrorCodes.GuestIdentityStale ? "identity" : "failed";
            return new StandbyMiss(word, $"VM {waiting.Domain} could not be taken: {e.Message}");
        }
    }

    /// <summary>
    /// The link comes first and means nothing without the record. The change of the record is the one step that makes the clone the job's. What
    /// libvirt knows of it follows, for a look that finds the domain without its directory.
    /// </summary>
    private async Task MakeTheJobsAsync(StandbyClone clone, JobRecord first, JobRun run, CancellationToken cancellationToken)
    {
        machine.Taken.Make(run.Job, clone.Key);
        run.Use(clone.Key);
        var stamp = first.Stamp with { Key = clone.Key.Value, Job = run.Job.Value, User = run.Record?.Stamp.User };
        var record = await run.UpdateAsync(
            now => now with
            {
                Stamp = stamp,
                JobName = first.JobName,
                Claim = first.Claim,
                Start = "standby",
                Ready = null,
                ShutdownGrace = first.ShutdownGrace,
                KeepFailed = first.KeepFailed,
                MemoryChoice = first.MemoryChoice,
                MaxOverlayBytes = first.MaxOverlayBytes,
                Egress = first.Egress,
            },
            cancellationToken);
        await machine.Hypervisors.At(record!.LibvirtUri).SetMetadataAsync(record.Domain, StampXml.Write(stamp), cancellationToken);
        run.Times.Ended("take");
    }

    /// <summary>Lets the guest go on and gives it clock, host name and random numbers of the job; the rest of its identity no other clone ever had.</summary>
    private async Task WakeAsync(JobRecord waiting, ClonePlan plan, JobRun run, CancellationToken cancellationToken)
    {
        await machine.StandbyKeeper.GoOnAsync(waiting, cancellationToken);
        run.Times.Ended("resume");
        var identity = new IdentityChanger(machine.GuestShell, machine.Time);
        var access = GuestOfJob.Access(run.Key, run.Directory.Paths, run.Record);
        var wanted = IdentityChanger.NamesOnly(plan.Domain.Value, RandomNumberGenerator.GetBytes(SeedBytes));
        await (waiting.Standby?.Client is { } client && ProcessTable.Runs(client)
            ? identity.ChangeLeftAsync(access, wanted, cancellationToken)
            : identity.ChangeAsync(access, wanted, cancellationToken));
    }

    private async Task RemoveAsync(StandbyClone clone, JobRecord waiting, JobRun run, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(UndoLimit, TimeSpan.FromSeconds(1), machine.Time, cancellationToken);
        await machine.RemoverAt(waiting.LibvirtUri)
            .RemoveAsync(clone.Key, clone.Directory, grace: null, _ => { }, hurry: new CancellationToken(canceled: true), deadline.Token);
        machine.Taken.Remove(run.Job);
        run.Use(run.Job);
        cancellationToken.ThrowIfCancellationRequested();
    }
}

/// <summary>A standby clone that is the job's now.</summary>
/// <param name="Basis">What a clone of the job would be made of.</param>
/// <param name="Guest">Its guest, which goes on.</param>
/// <param name="Waiting">Its record from before.</param>
internal sealed record TakenClone(CloneBasis Basis, GuestAccess Guest, JobRecord Waiting);
