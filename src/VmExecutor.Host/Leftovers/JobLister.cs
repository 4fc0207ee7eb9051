using VmExecutor.Core.Clones;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Leftovers;

/// <summary>Lists all jobs with the resources that their VMs use.</summary>
public sealed class JobLister(AbsolutePath stateDir, JobSurvey survey, Hypervisors hypervisors, Func<HostMoment> now)
{
    /// <exception cref="Core.Failures.SystemFailureException">The state directory cannot be listed, or libvirt does not answer.</exception>
    public async Task<JobList> ListAsync(CancellationToken cancellationToken)
    {
        var found = await survey.TakeAsync(cancellationToken).ConfigureAwait(false);
        var jobs = new List<ListedJob>();
        foreach (var job in found.Jobs)
        {
            var listed = await DescribeAsync(job, cancellationToken).ConfigureAwait(false);
            var owner = job.IsService ? found.Jobs.FirstOrDefault(one => one.Key == job.Job)?.Record : null;
            jobs.Add(job.IsService ? listed with { Service = ServiceOf(job, owner), IsKept = owner?.Kept == true } : listed);
        }

        // Each job with its services below it.
        jobs = [.. jobs.OrderBy(job => job.Job.Value, StringComparer.Ordinal).ThenBy(job => job.Service is not null).ThenBy(job => job.Key.Value, StringComparer.Ordinal)];

        return new JobList(
            jobs,
            [.. found.Others.Select(path => $"{path} was not made by vm-executor"), .. found.HalfMade.Select(path => $"{path} is half made"), .. found.Problems]);
    }

    internal static string ServiceOf(FoundJob service, JobRecord? owner) =>
        owner?.ServiceVms.FirstOrDefault(vm => vm.Key == service.Key.Value) is { Names: [var name, ..] } ? name : service.Key.Domain.Value;

    private async Task<ListedJob> DescribeAsync(FoundJob job, CancellationToken cancellationToken) => Describe(job, now()) with
    {
        Usage = job.HasDomain ? await hypervisors.At(job.LibvirtUri).FindUsageAsync(job.Key.Domain.Value, cancellationToken).ConfigureAwait(false) : null,
        DiskBytes = job.HasDirectory ? new JobDirectory(job.Key, JobPaths.For(stateDir, job.Key)).DiskBytes() : null,
    };

    /// <summary>Everything that its stamp and record tell.</summary>
    internal static ListedJob Describe(FoundJob job, HostMoment now)
    {
        var age = job.Stamp is { } stamp && stamp.Made.Boot == now.Boot ? now.SinceBoot - stamp.Made.SinceBoot : (TimeSpan?)null;
        return new ListedJob
        {
            Job = job.Job,
            Key = job.Key,
            Project = job.Stamp?.Project,
            Image = job.Stamp?.Image,
            Start = job.Record?.Start,
            Age = age,
            ExpiresIn = age is null ? null : job.Stamp!.Expires - job.Stamp.Created - age,
            Created = job.Stamp?.Created,
            Expires = job.Stamp?.Expires,
            HasDomain = job.HasDomain,
            Leftover = job.Leftover,
            Doubt = job.Doubt,
            IsKept = job.Record?.Kept == true,
            IsStandby = job.Record?.IsStandby == true,
            Waited = age is not null && job.Record is { IsStandby: true, Standby: { } standby } ? standby.AgeAt(now) : null,
        };
    }
}
