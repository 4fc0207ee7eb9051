using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt;
using VmExecutor.Host.Standby;

namespace VmExecutor.Jobs;

/// <summary>The jobs that have a directory on this host, for a person who means one of them.</summary>
internal sealed class JobsAtHand(Settings settings, TimeProvider time)
{
    private readonly TakenLinks _taken = new(settings.StateDir);

    /// <summary>The keys of these jobs; half-made and half-removed ones are left out.</summary>
    public IReadOnlyList<JobKey> Keys() =>
        [.. JobFolder.List(settings.StateDir).Ours.Where(folder => !folder.IsHalf).Select(folder => _taken.JobOf(folder.Key))];

    /// <summary>The directory of a job's clone.</summary>
    public JobDirectory DirectoryOf(JobKey job) => JobDirectory.Of(settings.StateDir, _taken.CloneOf(job));

    /// <exception cref="Core.Failures.SystemFailureException">There is none of that name, or several.</exception>
    public (JobKey Key, JobDirectory Directory) Find(string text)
    {
        var key = JobChoice.Decide(text, Keys());
        return (key, DirectoryOf(key));
    }

    /// <summary>The state of a job's VM; null: there is none.</summary>
    /// <exception cref="HypervisorException">libvirt does not say.</exception>
    public async Task<DomainStatus?> StateAsync(JobRecord record, CancellationToken cancellationToken)
    {
        using var hypervisor = new LibvirtHypervisor(record.LibvirtUri, settings.Libvirt.CallTimeout, time);
        return await hypervisor.FindStatusAsync(record.Domain, cancellationToken);
    }
}
