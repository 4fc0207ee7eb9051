using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Files;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Locks;

namespace VmExecutor.Stages;

/// <summary>Runs one script in the job's guest: its output is the job log's, its exit is a value.</summary>
internal sealed class RunStage(
    Settings settings, IGuestShell guestShell, Func<string, IHypervisor> openHypervisor, TimeProvider time, Stream output, Stream error)
{
    private static readonly TimeSpan LookAfterLoss = TimeSpan.FromSeconds(10);

    /// <summary>The script's exit.</summary>
    /// <exception cref="SystemFailureException">The guest is lost, was never prepared, cannot run scripts, or was stopped for want of disk.</exception>
    /// <exception cref="BuildFailureException">The guest was stopped since the job wrote more than its image allows.</exception>
    /// <exception cref="OperationCanceledException">Cancelled: the script's processes in the guest are ended, the VM lives.</exception>
    public async Task<ScriptExit> RunAsync(Job job, AbsolutePath script, JobLog log, CancellationToken cancellationToken)
    {
        var paths = JobPaths.For(settings.StateDir, job.Key);
        var directory = new JobDirectory(job.Key, paths);
        var record = directory.Read();
        var access = GuestOfJob.Access(job.Key, paths, record);
        if (record!.Stopped is { } stopped)
        {
            throw stopped.ToFailure();
        }

        foreach (var changed in BaseFingerprints.Changed(record.Bases))
        {
            log.Warn($"the base disk {changed} was changed since this VM was made: what the guest reads from it may be broken. A base must not be changed while VMs stand on it.");
        }

        using var hypervisor = openHypervisor(record.LibvirtUri);
        using var locks = new StateLocks(settings.StateDir, time);
        using var running = TryTakeScript(locks, job.Key);
        var disks = new DiskWatch(job.Key, directory, record, settings.Limits.DiskWatermark, new DomainStopper(hypervisor, time), locks, time);
        var watch = new DomainWatch(hypervisor, job.Key.Domain.Value, paths.Console, time);
        try
        {
            await disks.EnsureRoomAsync(log.Warn);
            var exit = await RunAsync(access, script, watch, disks, log, cancellationToken);
            return disks.Stopping is { } stopping ? throw await stopping : exit;
        }
        catch (Exception) when (disks.Stopping is not null)
        {
            // Whatever the script, its connection and the watch over the VM say then: this is why.
            throw await disks.Stopping;
        }
        catch (Exception e) when (e is not OperationCanceledException && directory.Read()?.Stopped is { } since)
        {
            throw since.ToFailure();
        }
        catch (GuestConnectionLostException)
        {
            // A VM that is gone explains a lost connection better than the connection does.
            var look = await LookAsync(watch, job.Key.Domain, cancellationToken);
            watch.EnsureNoPanic();
            if (ToldFailures.By(directory, ErrorCodes.GuestConnectionLost) is null)
            {
                log.Say(look);
                log.ShowConsole(ConsoleTail.Read(paths.Console));
            }

            throw;
        }
    }

    private static KernelLock? TryTakeScript(StateLocks locks, JobKey key)
    {
        try
        {
            return locks.TryTakeScript(key);
        }
        catch (HostFileException)
        {
            // Without it the others do not see that this job is watched. That is no reason to fail a script.
            return null;
        }
    }

    private async Task<ScriptExit> RunAsync(
        GuestAccess access, AbsolutePath script, DomainWatch watch, DiskWatch disks, JobLog log, CancellationToken cancellationToken)
    {
        var run = await guestShell.RunScriptAsync(access, Read(script), output, error, token => WatchAsync(watch, disks, log, token), cancellationToken);
        if (run.OutputMayBeCut)
        {
            log.Warn("the connection to the guest was lost just when the script ended: the end of its output may be missing");
        }

        return run.Exit;
    }

    /// <summary>Ends with the first of both that has something to say.</summary>
    private static async Task WatchAsync(DomainWatch watch, DiskWatch disks, JobLog log, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await await Task.WhenAny(watch.WatchAsync(log.Warn, over.Token), disks.WatchAsync(log.Warn, over.Token));
        }
        finally
        {
            await over.CancelAsync();
        }
    }

    /// <summary>A sentence about the VM of a lost connection.</summary>
    /// <exception cref="GuestDiedException">It is dead.</exception>
    private async Task<string> LookAsync(DomainWatch watch, DomainName domain, CancellationToken cancellationToken)
    {
        using var over = new CancellationTokenSource(LookAfterLoss, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        try
        {
            await watch.EnsureAliveAsync(stop.Token);
            return $"VM {domain} is still running.";
        }
        catch (HypervisorException trouble)
        {
            return $"Whether VM {domain} is still running is not known: {trouble.Message}";
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return $"Whether VM {domain} is still running is not known: libvirt did not answer within {DurationText.Format(LookAfterLoss)}";
        }
    }

    private static byte[] Read(AbsolutePath script)
    {
        try
        {
            return HostFile.ReadAllBytes(script.Value, RunnerScript.LongestBytes);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new SystemFailureException(
                ErrorCodes.RunnerEnvironmentMissing,
                $"the script {script} cannot be read: {HostFileException.ReasonOf(e)}",
                "The runner names it as the first argument of the run stage; see whether its temporary directory was cleaned.",
                e);
        }
    }
}
