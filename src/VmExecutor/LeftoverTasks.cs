using VmExecutor.Core.Configuration;
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
        await CollectDisksAsync(log, cancellationToken);
        await new MetricsFile(machine).RefreshAsync(log, cancellationToken);
        return collection;
    }

    /// <summary>Their limits are the images'; with an image that has an error nothing else of gc is kept from its work.</summary>
    private async Task CollectDisksAsync(JobLog log, CancellationToken cancellationToken)
    {
        try
        {
            using var machine = invocation.Machine(configOption);
            await new DiskCollection(machine).RunAsync(log, machine.Settings.Limits.DiskHeadroom, cancellationToken);
        }
        catch (ConfigurationException e)
        {
            log.Warn($"projects' disks were not looked through: {e.Message}");
        }
    }

    public async Task<JobList> ListAsync(CancellationToken cancellationToken)
    {
        using var machine = invocation.MachineWithoutImages(configOption);
        return await new JobLister(machine.StateDir, machine.Survey, machine.Hypervisors, HostClock.Now).ListAsync(cancellationToken) with { Drained = machine.Drain.Read() };
    }
}
