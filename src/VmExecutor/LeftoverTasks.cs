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
        using var machine = composition.MachineWithoutImages(configOption);
        new ScriptKeeping(machine.Settings, composition.StageEnvironment, composition.Time).Prune(dryRun, new JobLog(composition.Error));
        var collect = () => machine.Collector.CollectAsync(dryRun, except: null, cancellationToken);
        if (dryRun)
        {
            return await collect();
        }

        var log = new JobLog(composition.Error);
        var collection = await composition.Report.CollectAsync(log, collect);
        await new MetricsFile(machine).RefreshAsync(log, cancellationToken);
        return collection;
    }

    public async Task<JobList> ListAsync(CancellationToken cancellationToken)
    {
        using var machine = composition.MachineWithoutImages(configOption);
        return await new JobLister(machine.StateDir, machine.Survey, machine.Hypervisors, HostClock.Now).ListAsync(cancellationToken);
    }
}
