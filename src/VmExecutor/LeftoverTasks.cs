using VmExecutor.Host.Leftovers;
using VmExecutor.Host.Processes;
using VmExecutor.Keeping;
using VmExecutor.Observing;
using VmExecutor.ProjectDisks;

namespace VmExecutor;

/// <summary>The work of <c>gc</c> and <c>list</c>, each from the configuration to its end.</summary>
internal sealed class LeftoverTasks(Invocation invocation, string? configOption)
{
    public async Task<Collection> CollectAsync(bool dryRun, CancellationToken cancellationToken)
    {
        using var machine = invocation.MachineWithoutImages(configOption);
        new ScriptKeeping(machine.Settings, invocation.StageEnvironment, invocation.Time).Prune(dryRun, new JobLog(invocation.Error));
        var collect = () => machine.Collector.CollectAsync(dryRun, (done, all) => invocation.ShowAmount("removing leftovers", done, all), cancellationToken);
        if (dryRun)
        {
            return await collect();
        }

        var log = new JobLog(invocation.Error);
        var collection = await invocation.Report.CollectAsync(log, collect);
        await new DiskCollection(invocation, configOption).RunAsync(log, cancellationToken);
        await new MetricsFile(machine).RefreshAsync(log, cancellationToken);
        return collection;
    }

    public async Task<JobList> ListAsync(CancellationToken cancellationToken)
    {
        using var machine = invocation.MachineWithoutImages(configOption);
        return await new JobLister(machine.StateDir, machine.Survey, machine.Hypervisors, HostClock.Now).ListAsync(cancellationToken) with { Drained = machine.Drain.Read() };
    }
}
