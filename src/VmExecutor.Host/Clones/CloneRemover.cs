using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Values;
using VmExecutor.Host.Egress;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Host.Clones;

/// <summary>
/// Removes everything of a job: ssh, VM, overlays, keys, sockets, directory. Prepare's undoing, cleanup and gc all use it. With nothing
/// there it succeeds. It goes by the job's names, so it needs no record and no file of the job. Files go last, and only once libvirt says
/// that the VM is gone: until then the next command needs the record, and libvirt still writes its log.
/// </summary>
public sealed class CloneRemover(IHypervisor hypervisor, DomainStopper stopper, IJobProcesses processes, TimeProvider time)
{
    private const int LooksForStart = 10;

    /// <summary>The egress policies of VMs; null: they have none here.</summary>
    public EgressWall? Egress { get; init; }

    /// <summary>Looks after what the job's VM has left, once its QEMU is certainly gone and before its files go; null: nothing does.</summary>
    public Func<JobDirectory, CancellationToken, Task<ProjectDiskNote?>>? AtEnd { get; init; }

    /// <summary>Removes it. Parts that do not depend on a part that failed are still tried.</summary>
    /// <param name="key">The job whose clone it is; a domain without this job's stamp is never touched.</param>
    /// <param name="directory">The job's directory.</param>
    /// <param name="grace">Null: destroyed at once; else how long the guest may take to shut down.</param>
    /// <param name="tell">Told what people should know.</param>
    /// <param name="hurry">Ends the wait for a polite shutdown: the guest is destroyed then.</param>
    /// <param name="cancellationToken">The deadline of it all.</param>
    /// <exception cref="CleanupException">Something is left; all of it is named.</exception>
    public Task<Removal> RemoveAsync(
        JobKey key, JobDirectory directory, TimeSpan? grace, Action<string> tell, CancellationToken hurry, CancellationToken cancellationToken) =>
        RemoveAsync(key, directory, () => [.. processes.Find().Where(process => process.Job == key)], grace, tell, hurry, cancellationToken);

    /// <summary>
    /// As above, for a caller that knows the job's processes: a look through the process table for each of many jobs takes long.
    /// </summary>
    public Task<Removal> RemoveAsync(
        JobKey key,
        JobDirectory directory,
        IReadOnlyList<JobProcess> found,
        TimeSpan? grace,
        Action<string> tell,
        CancellationToken hurry,
        CancellationToken cancellationToken) =>
        RemoveAsync(key, directory, () => found, grace, tell, hurry, cancellationToken);

    private async Task<Removal> RemoveAsync(
        JobKey key,
        JobDirectory directory,
        Func<IReadOnlyList<JobProcess>> find,
        TimeSpan? grace,
        Action<string> tell,
        CancellationToken hurry,
        CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var failures = new List<Exception>();
        var parts = new List<string>();
        var services = new List<(JobKey, Removal Removal)>();
        var removal = new Removal();
        IReadOnlyList<JobProcess> found = [];

        // A process table that cannot be read keeps no VM from being removed.
        await TryAsync(failures, () =>
        {
            found = find();
            return Task.CompletedTask;
        }).ConfigureAwait(false);
        await TryAsync(failures, () => EndAsync(found, JobProcessKind.Ssh, parts, cancellationToken)).ConfigureAwait(false);

        // Before the job's own directory: a service without it belongs to no job.
        await TryAsync(failures, () => RemoveServicesAsync(key, directory.Paths.StateDir, services, tell, hurry, cancellationToken)).ConfigureAwait(false);
        parts.AddRange(services.SelectMany(service => service.Removal.Parts));
        var vm = VmState.Unknown;
        await TryAsync(failures, async () =>
        {
            vm = await FindAsync(key, directory, hurry, cancellationToken).ConfigureAwait(false);
            if (vm == VmState.Ours)
            {
                removal = await MeasureAsync(removal, key, found, cancellationToken).ConfigureAwait(false);
                await StopAsync(key, grace, tell, hurry, cancellationToken).ConfigureAwait(false);
                parts.Add($"domain {key.Domain}");
                vm = VmState.Gone;
            }
        }).ConfigureAwait(false);
        await TryAsync(failures, () => EndAsync(found, JobProcessKind.Qemu, parts, cancellationToken)).ConfigureAwait(false);
        if (vm == VmState.Gone)
        {
            DomainFiles.Remove(hypervisor.Uri, key);
        }

        if (vm == VmState.Gone && Egress is not null && directory.Read() is { Egress: not null } record)
        {
            await TryAsync(failures, () => Egress.RemoveAsync(record.Stamp.User, cancellationToken)).ConfigureAwait(false);
        }

        if (vm is VmState.Gone or VmState.Foreign)
        {
            await TryAsync(failures, () =>
            {
                removal = Describe(removal, directory);
                return Task.CompletedTask;
            }).ConfigureAwait(false);
            if (vm == VmState.Gone && failures.Count == 0 && AtEnd is not null)
            {
                removal = removal with { ProjectDisk = await AtEnd(directory, cancellationToken).ConfigureAwait(false) };
            }

            await TryAsync(failures, () => RemoveDirectoryAsync(directory, parts)).ConfigureAwait(false);
        }

        if (vm == VmState.Foreign)
        {
            failures.Add(NotOurs(key));
        }

        return failures.Count == 0
            ? removal with { Parts = parts, Services = services, Duration = time.GetElapsedTime(started) }
            : throw new CleanupException(key, failures);
    }

    /// <summary>
    /// Removes the VMs that are services of a job. Their own locks are not asked for: a process that makes them holds the job's as well, and gc, which may remove one at the same
    /// time, does what this does.
    /// </summary>
    /// <param name="job">The job, whose lock the caller holds.</param>
    /// <param name="stateDir">The state directory.</param>
    /// <param name="services">Takes what was removed of each.</param>
    /// <param name="tell">Told what people should know.</param>
    /// <param name="hurry">Ends the wait for a polite shutdown.</param>
    /// <param name="cancellationToken">The deadline of it all.</param>
    /// <exception cref="CleanupException">Something is left.</exception>
    public async Task RemoveServicesAsync(
        JobKey job, AbsolutePath stateDir, List<(JobKey Key, Removal Removal)> services, Action<string> tell, CancellationToken hurry, CancellationToken cancellationToken)
    {
        var failures = new List<Exception>();
        foreach (var key in JobFolder.List(stateDir).Ours.Select(folder => folder.Key).Where(key => key.IsServiceOf(job)).Distinct())
        {
            await TryAsync(failures, async () =>
            {
                var directory = JobDirectory.Of(stateDir, key);
                services.Add((key, await RemoveAsync(key, directory, directory.Read()?.ShutdownGrace, tell, hurry, cancellationToken).ConfigureAwait(false)));
            }).ConfigureAwait(false);
        }

        if (failures.Count > 0)
        {
            throw new CleanupException(job, failures);
        }
    }

    /// <summary>Ends a job's processes and keeps its directory with its record, for another start of the same job.</summary>
    /// <exception cref="DriverException">Something could not be ended.</exception>
    public async Task ClearAsync(JobKey key, JobDirectory directory, CancellationToken cancellationToken)
    {
        IReadOnlyList<JobProcess> found = [.. processes.Find().Where(process => process.Job == key)];
        await EndAsync(found, JobProcessKind.Ssh, [], cancellationToken).ConfigureAwait(false);
        switch (await FindAsync(key, directory, cancellationToken, cancellationToken).ConfigureAwait(false))
        {
            case VmState.Ours:
                await stopper.DestroyAsync(key.Domain.Value, cancellationToken).ConfigureAwait(false);
                break;
            case VmState.Foreign:
                throw NotOurs(key);
        }

        await EndAsync(found, JobProcessKind.Qemu, [], cancellationToken).ConfigureAwait(false);
        DomainFiles.Remove(hypervisor.Uri, key);
        directory.Clear();
    }

    private static async Task TryAsync(List<Exception> failures, Func<Task> step)
    {
        try
        {
            await step().ConfigureAwait(false);
        }
        catch (Exception e) when (e is DriverException or OperationCanceledException or TimeoutException || HostFileException.Explains(e))
        {
            failures.Add(e);
        }
    }

    private static Removal Describe(Removal removal, JobDirectory directory)
    {
        var record = directory.Read();
        return removal with
        {
            Record = record,
            Scripts = directory.ReadScripts(),
            Egress = record?.Egress is null ? null : directory.ReadEgress(),
            HostMemoryBytes = removal.HostMemoryBytes ?? record?.Stopped?.HostMemoryBytes,
            Overlays = directory.Overlays(),
            DiskBytes = record?.Stopped?.DiskBytes ?? (directory.Exists ? directory.DiskBytes() : null),
        };
    }

    private static Task RemoveDirectoryAsync(JobDirectory directory, List<string> parts)
    {
        if (directory.Exists)
        {
            parts.Add($"directory {directory.Paths.Directory}");
        }

        directory.Remove();
        return Task.CompletedTask;
    }

    private async Task<Removal> MeasureAsync(Removal removal, JobKey key, IReadOnlyList<JobProcess> found, CancellationToken cancellationToken)
    {
        try
        {
            return removal with
            {
                CpuTime = (await hypervisor.FindUsageAsync(key.Domain.Value, cancellationToken).ConfigureAwait(false))?.CpuTime,
                PeakMemoryBytes = found.Where(process => process.Kind == JobProcessKind.Qemu).Max(process => ProcessTable.PeakMemory(process.Process.Pid)),
                HostMemoryBytes = found.Where(process => process.Kind == JobProcessKind.Qemu).Max(process => ProcessTable.OwnMemory(process.Process.Pid)),
            };
        }
        catch (HypervisorException)
        {
            // The ledger will know less; the VM goes all the same.
            return removal;
        }
    }

    /// <summary>
    /// Ends processes of a job. libvirt ends a VM that it knows, so a QEMU that is still there is one that libvirt has lost, or cannot be
    /// asked about.
    /// </summary>
    private async Task EndAsync(IEnumerable<JobProcess> found, JobProcessKind kind, List<string> parts, CancellationToken cancellationToken)
    {
        foreach (var process in found.Where(process => process.Kind == kind && ProcessTable.Runs(process.Process)))
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

    /// <summary>
    /// Finds the VM. A stage that was killed while it started the VM has left the start in flight: libvirt shows the domain only once it
    /// has read and checked its definition. So where the record says that this may be, the search goes on for a moment.
    /// </summary>
    private async Task<VmState> FindAsync(JobKey key, JobDirectory directory, CancellationToken hurry, CancellationToken cancellationToken)
    {
        var vm = await FindAsync(key, cancellationToken).ConfigureAwait(false);
        if (vm == VmState.Gone && !hurry.IsCancellationRequested && directory.StartMayBeInFlight(time.GetUtcNow()))
        {
            var limit = hypervisor.StartShowsWithin;
            await new Poll(limit, limit / LooksForStart, time).UntilAsync(
                async token => (vm = await FindAsync(key, token).ConfigureAwait(false)) != VmState.Gone || hurry.IsCancellationRequested,
                cancellationToken).ConfigureAwait(false);
        }

        return vm;
    }

    private async Task<VmState> FindAsync(JobKey key, CancellationToken cancellationToken)
    {
        var xml = await hypervisor.FindXmlAsync(key.Domain.Value, inactive: false, cancellationToken).ConfigureAwait(false);
        return xml is null ? VmState.Gone : StampXml.KeyIn(XmlText.Parse(xml)) == key.Value ? VmState.Ours : VmState.Foreign;
    }

    private HypervisorException NotOurs(JobKey key) => new(
        ErrorCodes.DomainNotOurs,
        $"there is a domain {key.Domain} on {hypervisor.Uri} without this driver's ownership stamp; it was left alone",
        $"If it is not needed, remove it: virsh -c {hypervisor.Uri} destroy {key.Domain}");

    private async Task StopAsync(JobKey key, TimeSpan? grace, Action<string> tell, CancellationToken hurry, CancellationToken cancellationToken)
    {
        var domain = key.Domain.Value;
        if (grace is { } limit && !await TryShutDownAsync(domain, limit, hurry, cancellationToken).ConfigureAwait(false))
        {
            tell(hurry.IsCancellationRequested
                ? "the cleanup was cancelled: the guest was destroyed before it had shut down"
                : $"the guest did not shut down within {DurationText.Format(limit)}: destroyed");
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

    private enum VmState
    {
        /// <summary>libvirt could not be asked, or did not end it.</summary>
        Unknown,
        Ours,

        /// <summary>A domain of its name has no stamp of the job.</summary>
        Foreign,
        Gone,
    }
}
