using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Health;
using VmExecutor.Core.Jobs;
using VmExecutor.Host;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt;
using VmExecutor.Observing;

namespace VmExecutor.Starting;

/// <summary>
/// Finds what a clone would be made of: accelerator, source, disks, sizes. A start may try KVM for it and shut a source domain down;
/// a mere look (<c>try --dry-run</c>) starts, stops and writes nothing. Both decide by the same lines.
/// </summary>
internal sealed class CloneLook
{
    private readonly Machine _machine;
    private readonly bool _starts;
    private readonly Action<string> _say;
    private readonly Action<string> _warn;

    private CloneLook(Machine machine, bool starts, Action<string> say, Action<string> warn) =>
        (_machine, _starts, _say, _warn) = (machine, starts, say, warn);

    public static CloneLook ForStart(Machine machine, JobLog log) => new(machine, starts: true, log.Say, log.WarnOnce);

    public static CloneLook Only(Machine machine, Action<string> warn) => new(machine, starts: false, warn, warn);

    /// <summary>True: a call to libvirt would start a daemon of the user's session.</summary>
    public static bool WouldStartDaemon(Machine machine) => SessionDaemon.WouldBeStarted(machine.Hypervisors.Configured, machine.Variables);

    /// <summary>The accelerator, and all the rest with it.</summary>
    public async Task<CloneBasis> TakeAsync(ClonePlan plan, OwnershipStamp stamp, CancellationToken cancellationToken) =>
        await TakeAsync(plan, stamp, await FindAcceleratorAsync(plan.Image, cancellationToken), cancellationToken);

    /// <summary>The source, its disks and the sizes.</summary>
    /// <param name="plan">The plan of the clone.</param>
    /// <param name="stamp">The ownership stamp.</param>
    /// <param name="accelerator">The one that was found.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="Core.Failures.BuildFailureException">The job asks for a size that the image does not allow.</exception>
    public async Task<CloneBasis> TakeAsync(ClonePlan plan, OwnershipStamp stamp, Accelerator accelerator, CancellationToken cancellationToken)
    {
        var xml = _starts
            ? await _machine.CloneSource.ReadAsync(plan, _say, cancellationToken)
            : await _machine.CloneSource.LookAsync(plan, _say, cancellationToken);
        var chains = await _machine.CloneMaker.InspectDisksAsync(xml, plan.Generation, evenIfWritten: !_starts, cancellationToken);
        var own = MachineSize.Of(xml, SourceDisk.WritableOf(xml) is [var first, ..] ? chains[first.Target].VirtualSize : default);
        var sizes = SizeChoice.Decide(plan.Job, plan.Image, own, Share(plan.Image));

        // Which user it is, the admission says; a template must know that it is one of them.
        plan = plan with { Sizes = sizes, User = _machine.Users.Pool?.Users[0] };
        return new CloneBasis(plan, own.With(sizes), stamp, xml, chains, accelerator);
    }

    /// <summary>The size <c>auto</c> on this host, which is looked at only for an image that has such a size.</summary>
    private HostShare? Share(ImageDefinition image) =>
        image.Cpus is { Said: null } || image.Memory is { Said: null } ? HostRoom.Share(_machine.Settings.Limits) : null;

    /// <returns><see cref="Accelerator.Auto"/>: only a start tells, and this is a mere look.</returns>
    public async Task<Accelerator> FindAcceleratorAsync(ImageDefinition image, CancellationToken cancellationToken)
    {
        if (image.Accelerator != Accelerator.Auto)
        {
            return image.Accelerator;
        }

        var found = _starts ? (await _machine.AcceleratorProbe.AskAsync(cancellationToken)).Accelerator : await RecallAsync(cancellationToken);
        if (found == Accelerator.Tcg)
        {
            _warn(KvmRules.Warning);
        }

        return found;
    }

    private async Task<Accelerator> RecallAsync(CancellationToken cancellationToken)
    {
        try
        {
            return WouldStartDaemon(_machine) ? Accelerator.Auto : (await _machine.AcceleratorProbe.RecallAsync(cancellationToken))?.Accelerator ?? Accelerator.Auto;
        }
        catch (HypervisorException)
        {
            return Accelerator.Auto;
        }
    }
}
