using VmExecutor.Core.Clones;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Leftovers;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Leftovers;

/// <summary>What runs and what is left.</summary>
/// <param name="Jobs">By key.</param>
/// <param name="Remarks">What else should be known, in sentences.</param>
public sealed record JobList(IReadOnlyList<ListedJob> Jobs, IReadOnlyList<string> Remarks);

/// <summary>One job in a list; null where it is not known.</summary>
public sealed record ListedJob
{
    public required JobKey Key { get; init; }

    public string? Project { get; init; }

    public string? Image { get; init; }

    /// <summary>How its VM came up.</summary>
    public string? Start { get; init; }

    /// <summary>Since it was made; null also when that was on another boot or host.</summary>
    public TimeSpan? Age { get; init; }

    /// <summary>Until its time is over; negative when it is.</summary>
    public TimeSpan? ExpiresIn { get; init; }

    public DateTimeOffset? Created { get; init; }

    public DateTimeOffset? Expires { get; init; }

    /// <summary>Whether its VM is there.</summary>
    public required bool HasDomain { get; init; }

    public DomainUsage? Usage { get; init; }

    /// <summary>What its overlays take.</summary>
    public long? DiskBytes { get; init; }

    /// <summary>Why it is a leftover; null: it is in use.</summary>
    public LeftoverReason? Leftover { get; init; }

    /// <summary>Why it is left alone although something is wrong with it.</summary>
    public string? Doubt { get; init; }
}

/// <summary>Looks at all jobs and asks what their VMs use.</summary>
public sealed class JobLister(AbsolutePath stateDir, JobSurvey survey, Hypervisors hypervisors, Func<HostMoment> now)
{
    /// <exception cref="Core.Failures.SystemFailureException">The state directory cannot be listed, or libvirt does not answer.</exception>
    public async Task<JobList> ListAsync(CancellationToken cancellationToken)
    {
        var found = await survey.TakeAsync(cancellationToken).ConfigureAwait(false);
        var jobs = new List<ListedJob>();
        foreach (var job in found.Jobs)
        {
            jobs.Add(await DescribeAsync(job, cancellationToken).ConfigureAwait(false));
        }

        return new JobList(
            jobs,
            [.. found.Others.Select(path => $"{path} is nothing of ours"), .. found.HalfMade.Select(path => $"{path} is half made"), .. found.Problems]);
    }

    private async Task<ListedJob> DescribeAsync(SurveyedJob job, CancellationToken cancellationToken)
    {
        var moment = now();
        var age = job.Stamp is { } stamp && stamp.Made.Boot == moment.Boot ? moment.SinceBoot - stamp.Made.SinceBoot : (TimeSpan?)null;
        return new ListedJob
        {
            Key = job.Key,
            Project = job.Stamp?.Project,
            Image = job.Stamp?.Image,
            Start = job.Record?.Start,
            Age = age,
            ExpiresIn = age is null ? null : job.Stamp!.Expires - job.Stamp.Created - age,
            Created = job.Stamp?.Created,
            Expires = job.Stamp?.Expires,
            HasDomain = job.HasDomain,
            Usage = job.HasDomain ? await hypervisors.At(job.LibvirtUri).FindUsageAsync(job.Key.Domain.Value, cancellationToken).ConfigureAwait(false) : null,
            DiskBytes = job.HasDirectory ? new JobDirectory(job.Key, JobPaths.For(stateDir, job.Key)).DiskBytes() : null,
            Leftover = job.Leftover,
            Doubt = job.Doubt,
        };
    }
}
