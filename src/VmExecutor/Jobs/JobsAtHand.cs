using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt;
using VmExecutor.Host.Standby;

namespace VmExecutor.Jobs;

/// <summary>The jobs that have a directory on this host, for a person who means one of them.</summary>
internal sealed class JobsAtHand(Settings settings, TimeProvider time)
{
    private readonly TakenLinks _taken = new(settings.StateDir);

    /// <summary>The keys of these jobs; half-made and half-removed ones are left out, and VMs that are services of one of them.</summary>
    public IReadOnlyList<JobKey> Keys()
    {
        List<JobKey> all = [.. JobFolder.List(settings.StateDir).Ours.Where(folder => !folder.IsHalf).Select(folder => folder.Key)];
        return [.. all.Where(key => key.ServiceNumber is null || !all.Exists(key.IsServiceOf)).Select(_taken.JobOf)];
    }

    /// <summary>The directory of a job's clone.</summary>
    public JobDirectory DirectoryOf(JobKey job) => JobDirectory.Of(settings.StateDir, _taken.CloneOf(job));

    /// <exception cref="SystemFailureException">There is none of that name, or several.</exception>
    public (JobKey Key, JobDirectory Directory) Find(string text)
    {
        var key = JobChoice.Decide(text, Keys());
        return (key, DirectoryOf(key));
    }

    /// <summary>The directory of a job's clone, or of the VM that is one of its services.</summary>
    /// <param name="text">The job, as a person names it.</param>
    /// <param name="service">One of the service's names; null: the job's own VM.</param>
    /// <exception cref="SystemFailureException">There is none of that name, or several; or the service is no VM.</exception>
    public (JobKey Key, JobDirectory Directory) Find(string text, string? service)
    {
        var (job, directory) = Find(text);
        return service is null ? (job, directory)
            : TryFindService(directory, service) is { } vm ? (vm.Key, vm)
            : throw new SystemFailureException(ErrorCodes.ServiceUnknown, $"job {job} has no service '{PlainText.OneLine(service, 100)}' that is a VM", directory.Read() is { ServiceVms: { Count: > 0 } vms }
                ? $"Give one of: {string.Join(", ", vms.SelectMany(known => known.Names))}." : "See its job log for its services; containers are in the job's own VM.");
    }

    /// <summary>The directory of the VM that is a job's service of that name; null: it has no such service, or the service is a container.</summary>
    /// <exception cref="SystemFailureException">It was a VM, which is gone.</exception>
    public JobDirectory? TryFindService(JobDirectory job, string service) =>
        JobDirectory.OfServices(job.Read(), settings.StateDir).FirstOrDefault(vm => vm.Service.IsCalled(service)).Directory is not { } found ? null
        : found.Exists ? found
        : throw new SystemFailureException(
            ErrorCodes.ServiceUnknown,
            $"the VM of service '{PlainText.OneLine(service, 100)}' of job {job.Key} is gone",
            $"The VM of a failed job is kept without its services. Its own VM: {DriverVersion.Name} ssh {job.Key}");

    /// <summary>The state of a job's VM; null: there is none.</summary>
    /// <exception cref="HypervisorException">libvirt does not say.</exception>
    public async Task<DomainStatus?> StateAsync(JobRecord record, CancellationToken cancellationToken)
    {
        using var hypervisor = new LibvirtHypervisor(record.LibvirtUri, settings.Libvirt.CallTimeout, time);
        return await hypervisor.FindStatusAsync(record.Domain, cancellationToken);
    }
}
