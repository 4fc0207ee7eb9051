using System.Globalization;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Keeping;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Stages;

/// <summary>
/// From nothing to a guest that runs scripts: woken up from a template where that can be, else booted. What it has made when it fails is the
/// caller's to remove.
/// </summary>
internal sealed class CloneStart(
    IHypervisor hypervisor,
    AcceleratorProbe acceleratorProbe,
    CloneSource source,
    Admission admission,
    CloneMaker maker,
    CloneSizing sizing,
    WarmStart warm,
    ColdStart cold,
    GuestPreparation preparation,
    TimeProvider time)
{
    /// <param name="plan">What to make.</param>
    /// <param name="stamp">Who owns it.</param>
    /// <param name="directory">The job's directory, which must not exist.</param>
    /// <param name="log">The job log.</param>
    /// <param name="times">Told when a phase is over.</param>
    /// <param name="cancellationToken">Ends each wait at once.</param>
    /// <returns>What it was made of.</returns>
    public async Task<CloneBasis> RunAsync(
        ClonePlan plan, OwnershipStamp stamp, JobDirectory directory, JobLog log, PhaseTimes times, CancellationToken cancellationToken)
    {
        ImageFiles.EnsureUsable(plan.Image, plan.Generation);
        var record = Record(plan, stamp);
        directory.Create(record);
        EnsureGenerationIsThere(plan);
        var basis = await LookAsync(plan, stamp, log, cancellationToken);
        times.Ended("source");

        plan = basis.Plan;
        log.Say($"The VM gets {basis.Sizes}");
        var need = basis.Sizes;
        (record, var waited) = await admission.WaitAsync(plan.Job.Key, directory, record, new ClaimRecord(need.Memory.Bytes, need.Cpus), log.Say, cancellationToken);
        if (waited is { } duration)
        {
            log.Say(string.Create(CultureInfo.InvariantCulture, $"capacity: admitted after {duration.TotalSeconds:0} s"));
            times.Ended("capacity");

            // Meanwhile somebody may have started the source, or changed it.
            basis = await LookAsync(plan, stamp, basis.Accelerator, log, cancellationToken);
        }

        var watch = new DomainWatch(hypervisor, plan.Domain.Value, plan.Paths.Console, time);
        try
        {
            (var guest, record) = await warm.TryAsync(basis, directory, record, watch, log, times, cancellationToken);
            guest ??= await cold.RunAsync(basis, directory, record, watch, times, cancellationToken);
            await preparation.RunAsync(plan, guest.Access, token => watch.WatchAsync(log.Warn, token), log, times, cancellationToken);
            directory.Write(guest.Record with { Guest = GuestOfJob.ToRecord(guest.Access), Ready = time.GetUtcNow(), Phases = times.Seconds });
            return basis;
        }
        catch (SystemFailureException e)
        {
            StartFailure.Tell(plan, basis.Accelerator, e, times, log);
            throw;
        }
    }

    /// <summary>What the clone would be made of, with its sizes; nothing is made.</summary>
    public async Task<CloneBasis> LookAsync(ClonePlan plan, OwnershipStamp stamp, JobLog log, CancellationToken cancellationToken)
    {
        return await LookAsync(plan, stamp, await ChooseAcceleratorAsync(plan.Image, log, cancellationToken), log, cancellationToken);
    }

    private async Task<CloneBasis> LookAsync(
        ClonePlan plan, OwnershipStamp stamp, Accelerator accelerator, JobLog log, CancellationToken cancellationToken)
    {
        var xml = await source.ReadAsync(plan, log.Say, cancellationToken);
        var chains = await maker.InspectDisksAsync(xml, plan.Generation, cancellationToken);
        (plan, var sizes) = sizing.Decide(plan, xml, chains);
        return new CloneBasis(plan, sizes, stamp, xml, chains, accelerator);
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

    private async Task<Accelerator> ChooseAcceleratorAsync(ImageDefinition image, JobLog log, CancellationToken cancellationToken)
    {
        if (image.Accelerator != Accelerator.Auto)
        {
            return image.Accelerator;
        }

        var answer = await acceleratorProbe.AskAsync(cancellationToken);
        if (answer.Accelerator == Accelerator.Tcg)
        {
            log.WarnOnce(KvmRules.Warning);
        }

        return answer.Accelerator;
    }

    private JobRecord Record(ClonePlan plan, OwnershipStamp stamp) => new()
    {
        Stamp = stamp,
        Domain = plan.Domain.Value,
        LibvirtUri = hypervisor.Uri,
        Shell = plan.Image.Shell.ToString().ToLowerInvariant(),
        ShutdownGrace = plan.Image.Stop.Mode == StopMode.Shutdown ? plan.Image.Stop.Grace : null,
        KeepFailed = KeepRule.For(plan.Job, plan.Image),
        MaxOverlayBytes = plan.Image.Disks.MaxOverlay?.Bytes,
    };
}
