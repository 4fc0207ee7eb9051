using VmExecutor.Host.Leftovers;
using VmExecutor.Host.Processes;
using VmExecutor.Observing;
using VmExecutor.Stages;

namespace VmExecutor;

/// <summary>What <c>gc</c> and <c>list</c> do, each from the configuration to its end.</summary>
internal sealed class LeftoverTasks(Composition composition, string? configOption)
{
    public async Task<Collection> CollectAsync(bool dryRun, CancellationToken cancellationToken)
    {
        var settings = composition.LoadWithoutImages(configOption);
        using var leftovers = composition.Leftovers(settings);
        new ScriptKeeping(settings, composition.StageEnvironment, composition.Time).Prune(dryRun, new JobLog(composition.Error));
        var collect = () => leftovers.Collector().CollectAsync(dryRun, except: null, cancellationToken);
        if (dryRun)
        {
            return await collect();
        }

        var log = new JobLog(composition.Error);
        var collection = await composition.Report.CollectAsync(log, collect);
        await MetricsComposition.RefreshAsync(settings, leftovers, composition.Time, log, cancellationToken);
        return collection;
    }

    public async Task<JobList> ListAsync(CancellationToken cancellationToken)
    {
        var settings = composition.LoadWithoutImages(configOption);
        using var leftovers = composition.Leftovers(settings);
        return await new JobLister(settings.StateDir, leftovers.Survey(), leftovers.Hypervisors, HostClock.Now).ListAsync(cancellationToken);
    }
}
