using VmExecutor.Core.Capacity;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Files;
using VmExecutor.Host.ProjectDisks;
using VmExecutor.Starting;

namespace VmExecutor.ProjectDisks;

/// <summary>
/// Gives a running guest its project's disk. It is plugged in after the start, so it is the same for VMs that boot, wake up or wait. Nothing that goes wrong with it fails the job: that
/// begins with nothing then, as without the disk, and its log says why.
/// </summary>
internal sealed class ProjectDiskStart(Machine machine)
{
    /// <summary>Longer than an emulated guest takes to find the disk; a journal is never replayed, since a version is always clean.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <param name="plan">The plan of the clone, with the job.</param>
    /// <param name="access">Its guest.</param>
    /// <param name="watch">Throws when the guest is dead.</param>
    /// <param name="run">The job.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(ClonePlan plan, GuestAccess access, Func<CancellationToken, Task> watch, JobRun run, CancellationToken cancellationToken)
    {
        if (ProjectDiskPlan.For(plan.Job, plan.Image) is not { } disk)
        {
            return;
        }

        using var over = new CancellationTokenSource(Limit, machine.Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        try
        {
            await GiveAsync(disk, access, watch, run, stop.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            run.Log.Warn($"project disk: the job goes on without it, since it was not there within {DurationText.Format(Limit)}");
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is not DriverException { Code: var code } && HostFileException.Explains(e))
        {
            run.Log.Warn($"project disk: the job goes on without it: {e.Message}");
        }
        catch (DriverException e) when (!cancellationToken.IsCancellationRequested && e.Code != ErrorCodes.GuestDied)
        {
            run.Log.Warn($"project disk: the job goes on without it: {e.Message}");
        }

        run.Times.Ended("project-disk");
    }

    private async Task GiveAsync(ProjectDiskPlan disk, GuestAccess access, Func<CancellationToken, Task> watch, JobRun run, CancellationToken cancellationToken)
    {
        var (use, state) = await machine.ProjectDisks.TakeAsync(disk, run.Directory, cancellationToken);
        await new DiskPlugger(machine.Hypervisors.At(run.Record!.LibvirtUri)).PlugInAsync(run.Key.Domain.Value, machine.ProjectDisks.Files(use, run.Directory), cancellationToken);
        var version = state.Version;
        var said = await AskAsync(access, DiskScript.Shell(access.User), DiskScript.Mount(use, access.User), watch, cancellationToken);
        if (said.Event == DiskEvent.Mounted)
        {
            await run.UpdateAsync(record => record with { ProjectDisk = use with { IsMounted = true, IsMountedByGuest = said.Text == DiskScript.ByGuest } }, cancellationToken);
            run.Log.Say($"project disk: {version.Text}, {(disk.Refusal is null ? "read and write" : $"changes do not stay, since {ProjectDiskRefusals.Text(disk.Refusal)}")}{SizeText(disk, state)}");
        }
        else if (said.Event == DiskEvent.Damaged)
        {
            var isAside = await machine.ProjectDisks.PutAsideAsync(use, cancellationToken);
            run.Log.Warn($"project disk: the guest does not mount {version.Text}: {said.Text}. {(isAside ? "It was put aside, and the next job begins a new one" : "Another version is there by now")}; this job goes on without it");
        }
        else
        {
            run.Log.Warn($"project disk: the job goes on without it, since {Why(said, access)}");
        }
    }

    /// <summary>Runs a text in a guest, by a shell that reads it from its stdin.</summary>
    internal async Task<DiskAnswer> AskAsync(GuestAccess access, string shell, string text, Func<CancellationToken, Task> watch, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            var said = await GuestLife.OrDeathAsync(
                machine.GuestShell.ConverseAsync(access, shell, text, _ => null, stop.Token), watch(stop.Token));
            return DiskAnswer.Parse(said.StandardOutput);
        }
        finally
        {
            await stop.CancelAsync();
        }
    }

    /// <summary>A disk keeps the size with which it was made.</summary>
    private static string SizeText(ProjectDiskPlan disk, ProjectDiskState state) =>
        disk.Size.Bytes == state.SizeBytes ? "" : $" ({RoughSize.Of(state.SizeBytes)}, as it was made; 'project_disk: size' is {disk.Size} by now, which a new disk gets)";

    private static string Why(DiskAnswer said, GuestAccess access) => said.Event switch
    {
        DiskEvent.Absent => "the guest's kernel has not found it: it must take a virtio disk while it runs (PCI hot-plug)",
        DiskEvent.Failed => said.Text,
        _ => $"the guest did not mount it: 'ssh.user' ({access.User}) must be root or have sudo without a password, or the guest mount it itself (docs/project-disks.md), and the guest must be a Linux",
    };
}
