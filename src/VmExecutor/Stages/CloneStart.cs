using System.Globalization;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Guests.Login;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Stages;

/// <summary>From nothing to a guest that runs scripts: overlays, VM, address, ssh. What it has made when it fails is the caller's to remove.</summary>
internal sealed class CloneStart(
    IHypervisor hypervisor,
    IGuestShell guestShell,
    AcceleratorProbe acceleratorProbe,
    CloneSource source,
    Admission admission,
    CloneMaker maker,
    CloneSizing sizing,
    LivingClones livingClones,
    LoginMaker login,
    GuestPreparation preparation,
    TimeProvider time)
{
    /// <param name="plan">What to make.</param>
    /// <param name="stamp">Who owns it.</param>
    /// <param name="directory">The job's directory, which must not exist.</param>
    /// <param name="log">The job log.</param>
    /// <param name="times">Told when a phase is over.</param>
    /// <param name="cancellationToken">Ends each wait at once.</param>
    public async Task RunAsync(
        ClonePlan plan, OwnershipStamp stamp, JobDirectory directory, JobLog log, PhaseTimes times, CancellationToken cancellationToken)
    {
        ImageFiles.EnsureUsable(plan.Image, plan.Generation);
        var record = Record(plan, stamp);
        directory.Create(record);
        EnsureGenerationIsThere(plan);
        var accelerator = await ChooseAcceleratorAsync(plan.Image, log, cancellationToken);
        var sourceXml = await source.ReadAsync(plan, log.Say, cancellationToken);
        times.Ended("source");

        var chains = await maker.InspectDisksAsync(sourceXml, cancellationToken);
        plan = sizing.Decide(plan, sourceXml, chains, log);
        var need = SourceSizes.Of(sourceXml, default).With(plan.Sizes);
        (record, var waited) = await admission.WaitAsync(plan.Job.Key, directory, record, new ClaimRecord(need.Memory.Bytes, need.Cpus), log.Say, cancellationToken);
        if (waited is { } duration)
        {
            log.Say(string.Create(CultureInfo.InvariantCulture, $"capacity: admitted after {duration.TotalSeconds:0} s"));
            times.Ended("capacity");

            // Meanwhile somebody may have started the source, or changed it.
            sourceXml = await source.ReadAsync(plan, log.Say, cancellationToken);
            chains = await maker.InspectDisksAsync(sourceXml, cancellationToken);
        }

        await maker.MakeDisksAsync(sourceXml, plan, chains, cancellationToken);
        record = record with { Bases = BaseFingerprints.Of(chains.Values) };
        await livingClones.EnsureNoneIsBrokenAsync(plan.Job.Key, record.Bases, cancellationToken);
        directory.Write(record);
        times.Ended("disks");

        plan = plan with { Login = await login.MakeAsync(plan, cancellationToken) };
        await maker.StartAsync(sourceXml, plan, stamp, chains, accelerator, cancellationToken);
        times.Ended("start");

        await EnterAsync(plan, directory, record, log, times, cancellationToken);
    }

    /// <summary>Looked at after the job's record is there: who removes a generation looks the other way round.</summary>
    private static void EnsureGenerationIsThere(ClonePlan plan)
    {
        if (plan.Generation is { } generation && !Directory.Exists(generation.Directory.Value))
        {
            throw new SystemFailureException(
                ErrorCodes.GenerationUnknown,
                $"generation {generation.Number} of image '{plan.Image.Name}' was removed just now",
                "Retry the job; it gets the current generation.");
        }
    }

    private async Task EnterAsync(
        ClonePlan plan, JobDirectory directory, JobRecord record, JobLog log, PhaseTimes times, CancellationToken cancellationToken)
    {
        var image = plan.Image;
        var watch = new DomainWatch(hypervisor, plan.Domain.Value, plan.Paths.Console, time);
        var booting = time.GetTimestamp();
        try
        {
            var (host, port) = await new GuestAddressFinder(hypervisor, watch, time)
                .FindAsync(plan.Domain.Value, plan.Job.Key.Mac(0), image.Network, image.Ssh.Port, image.Timeouts.Boot, cancellationToken);
            var access = GuestOfJob.Access(plan, new GuestAddress(host, port));
            var bootTimeLeft = image.Timeouts.Boot - time.GetElapsedTime(booting);
            await guestShell.WaitForServerAsync(access.Address, AtLeastASecond(bootTimeLeft), watch.EnsureAliveAsync, cancellationToken);
            times.Ended("boot");

            access = await guestShell.OpenAsync(access, image.Timeouts.Ssh, watch.EnsureAliveAsync, cancellationToken);
            if (image.Network.Mode == NetworkMode.Libvirt)
            {
                await EnsureItIsOursAsync(plan, access, cancellationToken);
            }

            times.Ended("ssh");
            await preparation.RunAsync(plan, access, token => watch.WatchAsync(log.Warn, token), log, times, cancellationToken);
            directory.Write(record with { Guest = GuestOfJob.ToRecord(access), Ready = time.GetUtcNow(), Phases = times.Seconds });
        }
        catch (SystemFailureException e) when (e is not GuestDiedException)
        {
            // A guest that died brings its console lines along; one that never answered is shown here.
            log.ShowConsole(ConsoleTail.Read(plan.Paths.Console));
            throw;
        }
    }

    /// <summary>
    /// On a shared network two clones can be given one address (config/README.md, dhcp-ignore-clid), and their host keys are the same:
    /// a card's address tells whose guest answers. A guest without Linux's /sys says nothing.
    /// </summary>
    private async Task EnsureItIsOursAsync(ClonePlan plan, GuestAccess access, CancellationToken cancellationToken)
    {
        var cards = await guestShell.RunCommandAsync(access, "cat /sys/class/net/*/address", null, cancellationToken);
        if (cards.ExitCode == 0 && !cards.StandardOutput.Contains(plan.Job.Key.Mac(0).Value, StringComparison.OrdinalIgnoreCase))
        {
            throw new SystemFailureException(
                ErrorCodes.GuestIsAnother,
                $"the guest at {access.Address} is not {plan.Domain}: no network card of it has the address {plan.Job.Key.Mac(0)}",
                $"Network '{plan.Image.Network.Name}' has given one address to two guests; see dhcp-ignore-clid in config/README.md.");
        }
    }

    private async Task<Accelerator> ChooseAcceleratorAsync(ImageDefinition image, JobLog log, CancellationToken cancellationToken)
    {
        if (image.Accelerator != Accelerator.Auto)
        {
            return image.Accelerator;
        }

        var answer = await acceleratorProbe.AskAsync(cancellationToken);
        if (answer.WhyNotKvm is { } why)
        {
            log.Warn($"KVM does not work on this host ({why}): the VM is emulated, which is slow");
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
        MaxOverlayBytes = plan.Image.Disks.MaxOverlay?.Bytes,
    };

    private static TimeSpan AtLeastASecond(TimeSpan left) => left < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : left;
}
