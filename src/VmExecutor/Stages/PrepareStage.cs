using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Stages;

/// <summary>Makes the job's linked clone, starts it and waits until a script can run. What fails half-way is undone.</summary>
internal sealed class PrepareStage(
    IHypervisor hypervisor,
    IGuestShell guestShell,
    AcceleratorProbe acceleratorProbe,
    CloneSource source,
    CloneMaker maker,
    CloneRemover remover,
    TimeProvider time)
{
    // Longer than any single step of the undoing may take.
    private static readonly TimeSpan UndoDeadline = TimeSpan.FromSeconds(60);

    /// <param name="plan">What to make.</param>
    /// <param name="stamp">Who owns it.</param>
    /// <param name="log">The job log.</param>
    /// <param name="cancellationToken">Cancelled: what was made is undone first.</param>
    public async Task RunAsync(ClonePlan plan, OwnershipStamp stamp, JobLog log, CancellationToken cancellationToken)
    {
        var times = new PhaseTimes(time);
        var version = await hypervisor.GetVersionAsync(cancellationToken);
        log.Say($"{DriverVersion.Name} {DriverVersion.Text}: image '{plan.Image.Name}' as VM {plan.Domain} (libvirt {version.Libvirt}, QEMU {version.Qemu}, {hypervisor.Uri})");

        // An earlier attempt of this job may have left something, whatever became of its cleanup.
        var directory = new JobDirectory(plan.Paths);
        await remover.RemoveAsync(plan.Job.Key, directory, grace: null, log.Say, hurry: cancellationToken, cancellationToken);

        ImageFiles.EnsureUsable(plan.Image);
        var undo = new UndoStack();
        try
        {
            await MakeAsync(plan, stamp, directory, log, times, undo, cancellationToken);
        }
        catch (Exception)
        {
            await UndoAsync(undo, log);
            throw;
        }

        log.Say($"Ready after {times}");
    }

    private async Task MakeAsync(
        ClonePlan plan, OwnershipStamp stamp, JobDirectory directory, JobLog log, PhaseTimes times, UndoStack undo, CancellationToken cancellationToken)
    {
        undo.Push(_ =>
        {
            directory.Remove();
            return Task.CompletedTask;
        });
        directory.Create();
        var record = Record(plan, stamp);
        directory.Write(record);
        var accelerator = await ChooseAcceleratorAsync(plan.Image, log, cancellationToken);
        var sourceXml = await source.ReadAsync(plan.Image, log.Say, cancellationToken);
        times.Ended("source");

        var chains = await maker.MakeDisksAsync(sourceXml, plan.Paths, cancellationToken);
        times.Ended("disks");

        await maker.StartAsync(sourceXml, plan, stamp, chains, accelerator, undo, cancellationToken);
        times.Ended("start");

        await EnterAsync(plan, directory, record, log, times, undo, cancellationToken);
    }

    private async Task EnterAsync(
        ClonePlan plan, JobDirectory directory, JobRecord record, JobLog log, PhaseTimes times, UndoStack undo, CancellationToken cancellationToken)
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

            undo.Push(token => guestShell.CloseAsync(access, token));
            access = await guestShell.OpenAsync(access, image.Timeouts.Ssh, watch.EnsureAliveAsync, cancellationToken);
            if (image.Network.Mode == NetworkMode.Libvirt)
            {
                await EnsureItIsOursAsync(plan, access, cancellationToken);
            }

            directory.Write(record with { Guest = GuestOfJob.ToRecord(access) });
            times.Ended("ssh");
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
    };

    private async Task UndoAsync(UndoStack undo, JobLog log)
    {
        using var deadline = new CancellationTokenSource(UndoDeadline, time);
        foreach (var failure in await undo.UndoAsync(deadline.Token))
        {
            log.Warn($"while undoing: {failure.Message}");
        }
    }

    private static TimeSpan AtLeastASecond(TimeSpan left) => left < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : left;
}
