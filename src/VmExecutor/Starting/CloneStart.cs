using System.Globalization;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Keeping;
using VmExecutor.Core.Services;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Processes;

namespace VmExecutor.Starting;

/// <summary>
/// From nothing to a guest that runs scripts: woken up from a template where that can be, else booted. Used for jobs, and for the clones that
/// publishing, warming, <c>doctor</c> and <c>bench</c> make for themselves. What it has made when it fails is the caller's to remove.
/// </summary>
/// <param name="machine">The machine.</param>
/// <param name="preparation">What happens in the guest before its first script.</param>
/// <param name="standby">Takes a clone that waits; null: those are for jobs.</param>
internal sealed class CloneStart(Machine machine, GuestPreparation preparation, StandbyStart? standby)
{
    /// <summary>Of a clone that belongs to no job. The image's hook is for jobs: it wants their variables.</summary>
    public static CloneStart WithoutJob(Machine machine) =>
        new(machine, new GuestPreparation(machine, JobDetails.None), standby: null);

    /// <param name="plan">The plan of the clone.</param>
    /// <param name="stamp">The ownership stamp.</param>
    /// <param name="run">The job, whose directory must not exist.</param>
    /// <param name="cancellationToken">Ends each wait at once.</param>
    /// <returns>What it was made of.</returns>
    public async Task<CloneBasis> RunAsync(ClonePlan plan, OwnershipStamp stamp, JobRun run, CancellationToken cancellationToken)
    {
        ImageFiles.EnsureUsable(plan.Image, plan.Generation);
        var first = FirstRecord(plan, stamp);
        var (taken, miss) = standby is null ? (null, null) : await standby.TryAsync(plan, first, run, cancellationToken);
        if (taken is not null)
        {
            return await GoOnAsync(taken, run, cancellationToken);
        }

        if (miss is not null)
        {
            run.Log.Say($"no standby clone: {miss.Text}");
        }

        var look = CloneLook.ForStart(machine, run.Log);
        var basis = await BeginAsync(plan, first with { StandbyMiss = miss?.Word }, look, run, cancellationToken);
        var services = await ServiceVmStart.BeginAllAsync(machine, basis, run, cancellationToken);
        var claim = await new MemoryReservation(machine, run).ForStartAsync(basis, cancellationToken);
        if (await machine.Admission.WaitAsync(run.Directory, stamp, claim, [.. services.Select(service => service.Claimant)], run.Log.Say, cancellationToken) is { } waited)
        {
            run.Log.Say(string.Create(CultureInfo.InvariantCulture, $"capacity: admitted after {waited.TotalSeconds:0} s"));
            run.Times.Ended("capacity");

            // While the job waited, the source may have been started or changed.
            basis = await look.TakeAsync(basis.Plan, stamp, basis.Accelerator, cancellationToken);
        }

        return services.Count == 0 ? await StartAsync(basis, run, cancellationToken)
            : await ServiceVmStart.StartAllAsync(services, token => StartAsync(basis, run, token), run, cancellationToken);
    }

    /// <summary>The first part of a start of a clone that is a job's service: its directory and what it is made of. It is admitted with its job.</summary>
    /// <inheritdoc cref="RunAsync" path="/param"/>
    public Task<CloneBasis> BeginServiceAsync(ClonePlan plan, OwnershipStamp stamp, JobRun run, CancellationToken cancellationToken)
    {
        ImageFiles.EnsureUsable(plan.Image, plan.Generation);
        return BeginAsync(plan, FirstRecord(plan, stamp) with { KeepFailed = null }, CloneLook.ForStart(machine, run.Log), run, cancellationToken);
    }

    /// <summary>The rest of it.</summary>
    public Task<CloneBasis> StartServiceAsync(CloneBasis basis, JobRun run, CancellationToken cancellationToken) => StartAsync(basis, run, cancellationToken);

    /// <summary>As <see cref="RunAsync"/>, for a clone that no job waits for.</summary>
    /// <inheritdoc cref="RunAsync" path="/param"/>
    /// <returns>Null: the host has no room for it now, or a job waits for that room.</returns>
    public async Task<CloneBasis?> TryAheadAsync(ClonePlan plan, OwnershipStamp stamp, JobRun run, CancellationToken cancellationToken)
    {
        ImageFiles.EnsureUsable(plan.Image, plan.Generation);
        var basis = await BeginAsync(plan, FirstRecord(plan, stamp), CloneLook.ForStart(machine, run.Log), run, cancellationToken);
        return await machine.Admission.TryAsync(run.Directory, basis.Claim, cancellationToken) ? await StartAsync(basis, run, cancellationToken) : null;
    }

    private async Task<CloneBasis> BeginAsync(ClonePlan plan, JobRecord first, CloneLook look, JobRun run, CancellationToken cancellationToken)
    {
        machine.Users.EnsureAsDemanded();
        run.Directory.Create(first);
        EnsureGenerationIsThere(plan);
        var basis = await look.TakeAsync(plan, first.Stamp, cancellationToken);
        run.Times.Ended("source");
        run.Log.Say($"The VM gets {basis.Sizes}");
        return basis;
    }

    private async Task<CloneBasis> StartAsync(CloneBasis basis, JobRun run, CancellationToken cancellationToken)
    {
        basis = basis.For(machine.Users.Of(run.Directory));
        EgressStart.EnsurePossible(basis.Plan, run);
        if (basis.Plan is { IsRestricted: false, Image.Network.Mode: NetworkMode.User } && await machine.Wall.PutUpAsync(basis.Plan.User, cancellationToken) is { } why)
        {
            run.Log.Say($"The guest can reach services of this host: {why}");
        }

        await new EgressStart(machine).BeforeStartAsync(basis, run, cancellationToken);
        var plan = basis.Plan;
        var watch = new DomainWatch(machine.Hypervisor, plan.Domain.Value, plan.Paths.Console, machine.Time);
        try
        {
            if (await new WarmStart(machine).TryAsync(basis, run, watch, cancellationToken) is not { } guest)
            {
                await new MemoryReservation(machine, run).RaiseForBootAsync(basis, cancellationToken);
                guest = await new ColdStart(machine).RunAsync(basis, run, watch, cancellationToken);
            }

            await preparation.RunAsync(plan, guest, token => watch.WatchAsync(run.Log.Warn, token), run, cancellationToken);
            await run.UpdateAsync(
                record => record with { Guest = GuestOfJob.ToRecord(guest), Ready = machine.Time.GetUtcNow(), Phases = run.Times.Seconds }, cancellationToken);
            return basis;
        }
        catch (SystemFailureException e)
        {
            StartFailure.Tell(basis, run, e);
            throw;
        }
    }

    /// <summary>The rest of a start from a clone that was made before.</summary>
    private async Task<CloneBasis> GoOnAsync(TakenClone taken, JobRun run, CancellationToken cancellationToken)
    {
        var (domain, record) = (taken.Waiting.Domain, taken.Waiting.Standby!);
        run.Log.Say($"Took VM {domain}, {record.MadeAs} started before, which waited for {DurationText.Format(TimeSpan.FromSeconds(Math.Floor(record.AgeAt(HostClock.Now()).TotalSeconds)))}");
        run.Log.Say($"The VM has {taken.Basis.Sizes}");
        if (run.Record?.Egress is not null)
        {
            await new EgressStart(machine).OfTakenAsync(taken.Basis.Plan, domain, run, cancellationToken);
        }

        var watch = new DomainWatch(machine.Hypervisor, domain, run.Directory.Paths.Console, machine.Time);
        await preparation.ForJobAsync(taken.Basis.Plan, taken.Guest, token => watch.WatchAsync(run.Log.Warn, token), run, cancellationToken);
        await run.UpdateAsync(now => now with { Ready = machine.Time.GetUtcNow(), Phases = run.Times.Seconds }, cancellationToken);
        return taken.Basis;
    }

    /// <summary>Looked at after the job's record is there: who removes a generation looks the other way round.</summary>
    private static void EnsureGenerationIsThere(ClonePlan plan)
    {
        if (plan.Generation is { } generation && !HostDirectory.Exists(generation.Directory.Value))
        {
            throw new SystemFailureException(
                ErrorCodes.GenerationUnknown,
                $"generation {generation.Number} of image '{plan.Image.Name}' was removed just now",
                "Retry the job; it gets the current generation.");
        }
    }

    private JobRecord FirstRecord(ClonePlan plan, OwnershipStamp stamp) => new()
    {
        Stamp = stamp,
        JobName = plan.Job.Name,
        Domain = plan.Domain.Value,
        LibvirtUri = machine.Hypervisor.Uri,
        Shell = plan.Image.Shell.ToString().ToLowerInvariant(),
        ShutdownGrace = plan.Image.Stop.Mode == StopMode.Shutdown ? plan.Image.Stop.Grace : null,
        KeepFailed = KeepRule.For(plan.Job, plan.Image),
        MemoryChoice = new MemoryChoice(plan.Image.Sizes.MinMemory?.Bytes, plan.Image.Sizes.MaxMemory?.Bytes),
        MaxOverlayBytes = plan.Image.Disks.MaxOverlay?.Bytes,
        Egress = EgressRecord.Of(plan),
        ServiceVms = [.. plan.ServiceVms.Select(service => new ServiceVmRecord(plan.Job.Key.OfService(service.Number).Value, service.Vm!.Name.Value, service.Names))],
    };
}
