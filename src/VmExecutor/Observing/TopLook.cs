using VmExecutor.Host;
using VmExecutor.Host.Observing;

namespace VmExecutor.Observing;

/// <summary>The running jobs with the share of a processor that each uses, which two looks tell.</summary>
internal sealed class TopLook(Machine machine)
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    private readonly RunningJobs _jobs = new(machine);
    private readonly Dictionary<string, TimeSpan> _times = new(StringComparer.Ordinal);
    private long? _looked;

    /// <summary>The first look has no shares.</summary>
    public async Task<TopView> NextAsync(CancellationToken cancellationToken)
    {
        var view = await _jobs.LookAsync(cancellationToken);
        var passed = _looked is { } last ? machine.Time.GetElapsedTime(last) : (TimeSpan?)null;
        _looked = machine.Time.GetTimestamp();
        var rows = view.Jobs.Select(job => new TopRow(job, Share(job, passed)))
            .OrderBy(row => row.Job.Job.Job.Value, StringComparer.Ordinal).ThenBy(row => row.Job.Job.Service is not null).ThenBy(row => row.Job.Job.Key.Value, StringComparer.Ordinal).ToList();
        _times.Clear();
        foreach (var job in view.Jobs)
        {
            if (job.Job.Usage is { } usage)
            {
                _times[job.Job.Key.Value] = usage.CpuTime;
            }
        }

        return new TopView(machine.Time.GetUtcNow(), rows, view.Host, view.Remarks);
    }

    /// <summary>Two looks, one second apart.</summary>
    public async Task<TopView> AfterAMomentAsync(CancellationToken cancellationToken)
    {
        if ((await NextAsync(cancellationToken)).Rows.Any(row => row.Job.Job.Usage is not null))
        {
            await Task.Delay(Moment, machine.Time, cancellationToken);
        }

        return await NextAsync(cancellationToken);
    }

    private double? Share(RunningJob job, TimeSpan? passed) =>
        job.Job.Usage is { } usage && passed is { Ticks: > 0 } time && _times.TryGetValue(job.Job.Key.Value, out var before) ? Math.Max(0, (usage.CpuTime - before) / time) : null;
}
