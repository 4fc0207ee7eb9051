using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Clones;

/// <summary>
/// Removes everything of a job: ssh, VM, overlays, keys, sockets, directory; the one way that prepare's undoing, cleanup and gc share.
/// With nothing there it succeeds. It goes by the job's names, so it needs no record and no file of the job.
/// </summary>
public sealed class CloneRemover(IHypervisor hypervisor, DomainStopper stopper, IJobProcesses processes, TimeProvider time)
{
    /// <summary>Each part is tried even if another failed.</summary>
    /// <param name="key">The job whose clone it is; a domain without this job's stamp is never touched.</param>
    /// <param name="directory">The job's directory.</param>
    /// <param name="grace">Null: destroyed at once; else how long the guest may take to shut down.</param>
    /// <param name="tell">Told what people should know.</param>
    /// <param name="hurry">Ends the wait for a polite shutdown: the guest is destroyed then.</param>
    /// <param name="cancellationToken">The deadline of it all.</param>
    /// <exception cref="CleanupException">Something is left; all of it is named.</exception>
    public Task<Removal> RemoveAsync(
        JobKey key, JobDirectory directory, TimeSpan? grace, Action<string> tell, CancellationToken hurry, CancellationToken cancellationToken) =>
        RemoveAsync(key, directory, [.. processes.Find().Where(process => process.Job == key)], grace, tell, hurry, cancellationToken);

    /// <summary>As above, for a caller that knows the job's processes: looking through the process table for each of many jobs takes long.</summary>
    public async Task<Removal> RemoveAsync(
        JobKey key,
        JobDirectory directory,
        IReadOnlyList<JobProcess> found,
        TimeSpan? grace,
        Action<string> tell,
        CancellationToken hurry,
        CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var parts = new List<string>();
        var removal = new Removal();

        // Pushed in reverse: the connection is closed first, the directory goes last.
        var steps = new UndoStack();
        steps.Push(_ =>
        {
            removal = removal with { Record = directory.Read(), Scripts = directory.ReadScripts(), DiskBytes = directory.Exists ? directory.DiskBytes() : null };
            NoteIf(directory.Exists, $"directory {directory.Paths.Directory}");
            directory.Remove();
            return Task.CompletedTask;
        });
        steps.Push(_ =>
        {
            QemuLog.Remove(hypervisor.Uri, key.Domain);
            return Task.CompletedTask;
        });
        steps.Push(token => EndAsync(found.Where(process => process.Kind == JobProcessKind.Qemu), parts, token));
        steps.Push(async token =>
        {
            if (await FindOwnAsync(key, token).ConfigureAwait(false))
            {
                removal = removal with
                {
                    CpuTime = (await hypervisor.FindUsageAsync(key.Domain.Value, token).ConfigureAwait(false))?.CpuTime,
                    PeakMemoryBytes = found.Where(process => process.Kind == JobProcessKind.Qemu).Max(process => ProcessTable.PeakMemory(process.Process.Pid)),
                };
                await StopAsync(key, grace, tell, hurry, token).ConfigureAwait(false);
                NoteIf(true, $"domain {key.Domain}");
            }
        });
        steps.Push(token => EndAsync(found.Where(process => process.Kind == JobProcessKind.Ssh), parts, token));
        var failures = await steps.UndoAsync(cancellationToken).ConfigureAwait(false);
        return failures.Count == 0
            ? removal with { Parts = parts, Duration = time.GetElapsedTime(started) }
            : throw new CleanupException(key, failures);

        void NoteIf(bool there, string part)
        {
            if (there)
            {
                parts.Add(part);
            }
        }
    }

    /// <summary>libvirt ends a VM that it knows, so a QEMU that is still there is one that libvirt has lost, or cannot be asked about.</summary>
    private async Task EndAsync(IEnumerable<JobProcess> left, List<string> parts, CancellationToken cancellationToken)
    {
        foreach (var process in left.Where(process => ProcessTable.Runs(process.Process)))
        {
            if (!await processes.EndAsync(process, cancellationToken).ConfigureAwait(false))
            {
                throw new SystemFailureException(
                    ErrorCodes.ProcessWouldNotEnd,
                    $"process {process.Process.Pid} ({process} of job {process.Job}) could not be ended",
                    $"See what holds it: ps -o pid,user,stat,wchan,args -p {process.Process.Pid}");
            }

            parts.Add(process.ToString());
        }
    }

    /// <exception cref="HypervisorException">There is a domain of that name that is not ours.</exception>
    private async Task<bool> FindOwnAsync(JobKey key, CancellationToken cancellationToken)
    {
        var domain = key.Domain.Value;
        var xml = await hypervisor.FindXmlAsync(domain, inactive: false, cancellationToken).ConfigureAwait(false);
        return xml is not null && (StampXml.KeyIn(XElement.Parse(xml)) == key.Value
            ? true
            : throw new HypervisorException(
                ErrorCodes.DomainNotOurs,
                $"there is a domain {domain} on {hypervisor.Uri} without this driver's ownership stamp; it was left alone",
                $"If nobody needs it, remove it: virsh -c {hypervisor.Uri} destroy {domain}"));
    }

    private async Task StopAsync(JobKey key, TimeSpan? grace, Action<string> tell, CancellationToken hurry, CancellationToken cancellationToken)
    {
        var domain = key.Domain.Value;
        if (grace is { } limit && !await TryShutDownAsync(domain, limit, hurry, cancellationToken).ConfigureAwait(false))
        {
            tell($"the guest did not shut down within {DurationText.Format(limit)}: destroyed");
        }

        await stopper.DestroyAsync(domain, cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> TryShutDownAsync(string domain, TimeSpan limit, CancellationToken hurry, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(hurry, cancellationToken);
        try
        {
            return await stopper.ShutDownAsync(domain, limit, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (hurry.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
