using System.Globalization;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Keeping;
using VmExecutor.Host;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Starting;

/// <summary>
/// From nothing to a guest that runs scripts: woken up from a template where that can be, else booted. Used for jobs, and for the clones that
/// publishing, warming, <c>doctor</c> and <c>bench</c> make for themselves. What it has made when it fails is the caller's to remove.
/// </summary>
/// <param name="machine">The machine.</param>
/// <param name="preparation">What happens in the guest before its first script.</param>
internal sealed class CloneStart(Machine machine, GuestPreparation preparation)
{
    /// <summary>Of a clone that belongs to no job. The image's hook is for jobs: it wants their variables.</summary>
    public static CloneStart WithoutJob(Machine machine) =>
        new(machine, new GuestPreparation(machine, _ => throw new InvalidOperationException("a clone without a job has no variables")));

    /// <param name="plan">The plan of the clone.</param>
    /// <param name="stamp">The ownership stamp.</param>
    /// <param name="run">The job, whose directory must not exist.</param>
    /// <param name="cancellationToken">Ends each wait at once.</param>
    /// <returns>What it was made of.</returns>
    public async Task<CloneBasis> RunAsync(ClonePlan plan, OwnershipStamp stamp, JobRun run, CancellationToken cancellationToken)
    {
        ImageFiles.EnsureUsable(plan.Image, plan.Generation);
        run.Directory.Create(FirstRecord(plan, stamp));
        EnsureGenerationIsThere(plan);
        var look = CloneLook.ForStart(machine, run.Log);
        var basis = await look.TakeAsync(plan, stamp, cancellationToken);
        run.Times.Ended("source");

        run.Log.Say($"The VM gets {basis.Sizes}");
        var need = new ClaimRecord(basis.Sizes.Memory.Bytes, basis.Sizes.Cpus);
        if (await machine.Admission.WaitAsync(run.Directory, stamp, need, run.Log.Say, cancellationToken) is { } waited)
        {
            run.Log.Say(string.Create(CultureInfo.InvariantCulture, $"capacity: admitted after {waited.TotalSeconds:0} s"));
            run.Times.Ended("capacity");

            // While the job waited, the source may have been started or changed.
            basis = await look.TakeAsync(basis.Plan, stamp, basis.Accelerator, cancellationToken);
        }

        var watch = new DomainWatch(machine.Hypervisor, plan.Domain.Value, plan.Paths.Console, machine.Time);
        try
        {
            var guest = await new WarmStart(machine).TryAsync(basis, run, watch, cancellationToken)
                ?? await new ColdStart(machine).RunAsync(basis, run, watch, cancellationToken);
            await preparation.RunAsync(basis.Plan, guest, token => watch.WatchAsync(run.Log.Warn, token), run, cancellationToken);
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
        Domain = plan.Domain.Value,
        LibvirtUri = machine.Hypervisor.Uri,
        Shell = plan.Image.Shell.ToString().ToLowerInvariant(),
        ShutdownGrace = plan.Image.Stop.Mode == StopMode.Shutdown ? plan.Image.Stop.Grace : null,
        KeepFailed = KeepRule.For(plan.Job, plan.Image),
        MaxOverlayBytes = plan.Image.Disks.MaxOverlay?.Bytes,
    };
}
