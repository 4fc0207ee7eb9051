using VmExecutor.Core.Clones;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Health;
using VmExecutor.Host.Images;
using VmExecutor.Host.Libvirt;
using VmExecutor.Host.Processes;
using VmExecutor.Keeping;
using VmExecutor.Observing;
using VmExecutor.Stages;

namespace VmExecutor;

/// <summary>The four stages, each from its configuration to its end.</summary>
internal sealed class StageComposition(Composition composition, string? configOption)
{
    public ConfigStage Config() => new(composition.Load(configOption).Settings, composition.Output);

    /// <param name="job">The job.</param>
    /// <param name="start">How the VM may be started.</param>
    /// <param name="generation">Of the image, if it is still there; null: the current one.</param>
    /// <param name="log">The job's.</param>
    /// <param name="cancellationToken">The stage's.</param>
    public async Task PrepareAsync(Job job, StartChoice start, int? generation, JobLog log, CancellationToken cancellationToken)
    {
        var settings = composition.Load(configOption).Settings;
        var plan = ClonePlan.For(job, settings);
        var chosen = ChosenGeneration.For(plan.Image, new Catalogue(settings.StateDir), generation);
        chosen.Warnings.ToList().ForEach(log.Warn);
        plan = plan with { Generation = chosen.Generation, Start = start };
        var variables = composition.Variables;
        RunnerNeeds.Warnings(plan, variables.GetValueOrDefault($"CUSTOM_ENV_{RunnerQuoting.PosixFlag}"), () => new StageRunner(RunnerHost.FromEnvironment(variables), variables).Find(ProcessTable.Parent().Pid))
            .ToList().ForEach(log.Warn);
        composition.Report.Add(line => line with { Image = plan.Image.Name.Value, Generation = plan.Generation?.Number });
        using var leftovers = composition.Leftovers(settings);
        var hypervisor = leftovers.Hypervisors.At(leftovers.Hypervisors.Configured);
        var stage = new PrepareStage(
            hypervisor,
            composition.CloneStart(settings, leftovers),
            leftovers.Remover(hypervisor),
            leftovers.QuickCollection(),
            leftovers.Locks,
            leftovers.Ledger,
            composition.Time);
        var stamp = plan.Stamp(ProcessTable.Parent(), composition.StageEnvironment.TemporaryDirectory, HostClock.Now(), composition.Time.GetUtcNow());
        await stage.RunAsync(plan, stamp, log, cancellationToken);
        composition.Report.AddRecord(JobDirectory.Of(settings.StateDir, job.Key).Read());
    }

    public async Task<ScriptExit> RunAsync(Job job, AbsolutePath script, string subStage, JobLog log, CancellationToken cancellationToken)
    {
        var settings = composition.LoadWithoutImages(configOption);
        var stage = new RunStage(
            settings,
            composition.GuestShell(),
            uri => new LibvirtHypervisor(uri, settings.Libvirt.CallTimeout, composition.Time),
            composition.Time,
            JobOutput.Output(),
            JobOutput.Error());
        var directory = JobDirectory.Of(settings.StateDir, job.Key);
        composition.Report.Add(line => line with { SubStage = ScriptRecord.Name(subStage) });
        var keeping = new ScriptKeeping(settings, composition.StageEnvironment, composition.Time);
        var exit = await new NotedRun(directory, subStage, composition.Time).RunAsync(() =>
        {
            keeping.Save(directory, subStage, script, log);
            return stage.RunAsync(job, script, log, cancellationToken);
        });
        keeping.SayOf(job.Key, subStage, exit, log);
        composition.Report.AddExit(exit);
        await KeepingComposition.EndRunAsync(settings, job.Key, subStage, exit, log, new JobLog(composition.Output), composition.Time);
        return exit;
    }

    public async Task CleanupAsync(Job job, JobLog log, CancellationToken cancellationToken)
    {
        var settings = composition.LoadWithoutImages(configOption);
        var directory = JobDirectory.Of(settings.StateDir, job.Key);
        new ScriptKeeping(settings, composition.StageEnvironment, composition.Time).Keep(job, JobResult.Of(composition.StageEnvironment), directory, log);
        using var leftovers = composition.Leftovers(settings);
        var hypervisor = leftovers.Hypervisors.At(directory.Read()?.LibvirtUri ?? leftovers.Hypervisors.Configured);
        var result = JobResult.Of(composition.StageEnvironment);
        composition.Report.AddRecord(directory.Read());
        composition.Report.Add(line => line with { Result = result, Phases = null });
        if (await KeepingComposition.Cleanup(composition.StageEnvironment, composition.GuestShell(), leftovers, composition.Time).TryAsync(job.Key, result, directory, log, cancellationToken))
        {
            composition.Report.Add(line => line with { Outcome = "kept" });
        }
        else
        {
            var stage = new CleanupStage(leftovers.Remover(hypervisor), leftovers.QuickCollection(), leftovers.Locks, leftovers.Ledger, composition.Time);
            composition.Report.AddRemoval(await stage.RunAsync(job.Key, result, directory, log, cancellationToken));
        }

        await MetricsComposition.RefreshAsync(settings, leftovers, composition.Time, log, cancellationToken);
    }
}
