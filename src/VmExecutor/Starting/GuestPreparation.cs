using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Services;
using VmExecutor.Host;
using VmExecutor.Host.Guests.Preparation;
using VmExecutor.ProjectDisks;
using VmExecutor.Stages;

namespace VmExecutor.Starting;

/// <summary>
/// Prepares a guest before the job's first script: sets a clock that is off, waits for its cloud-init, gives it tools of the host and its project's disk, runs the administrator's
/// hook, and starts the job's services.
/// </summary>
/// <param name="machine">The machine.</param>
/// <param name="details">Reads what is wanted of the job, when it is wanted.</param>
internal sealed class GuestPreparation(Machine machine, JobDetails details)
{
    public async Task RunAsync(ClonePlan plan, GuestAccess access, Func<CancellationToken, Task> watch, JobRun run, CancellationToken cancellationToken)
    {
        var image = plan.Image;
        access.Look?.Remarks.ToList().ForEach(run.Log.Warn);

        // First, since what cloud-init installs may be refused by a clock that is off.
        await new ClockSetting(machine.GuestShell, machine.Time).RunAsync(access, run.Log, cancellationToken);
        if (await new CloudInitWait(machine.GuestShell, machine.Time).RunAsync(image, access, watch, run.Log, cancellationToken))
        {
            run.Times.Ended("cloud-init");
        }

        if (image.Tools.Count > 0)
        {
            await machine.GuestTools.DeliverAsync(access, image.Tools, plan.Generation?.Record.Tools ?? [], run.Log.Say, cancellationToken);
            run.Times.Ended("tools");
        }

        if (!plan.IsAhead)
        {
            await ForJobAsync(plan, access, watch, run, cancellationToken);
        }
    }

    /// <summary>The part that needs the job.</summary>
    public async Task ForJobAsync(ClonePlan plan, GuestAccess access, Func<CancellationToken, Task> watch, JobRun run, CancellationToken cancellationToken)
    {
        // First, so that the hook may look after what is on it.
        await new ProjectDiskStart(machine).RunAsync(plan, access, watch, run, cancellationToken);
        if (plan.Image.PrepareHook is { } settings)
        {
            run.Log.Say($"Running the prepare hook {settings.Script}");
            await new PrepareHook(machine.GuestShell, machine.Time)
                .RunAsync(settings, access, details.Variables(settings.Variables), JobOutput.Output(), JobOutput.Error(), watch, cancellationToken);
            run.Times.Ended("hook");
        }

        if (plan.Job.Services.Count > plan.ServiceVms.Count && plan.Image.Services.Engine != ServiceEngine.Off)
        {
            var services = await new ServiceStart(machine.GuestShell, name => ImageChoice.ForService(name, plan.Job, machine.Settings), machine.Time).RunAsync(details.Services(), plan.Image, access, watch, run.Log, cancellationToken);
            await run.UpdateAsync(record => record with { Services = services }, cancellationToken);
            run.Times.Ended("services");
        }
    }
}

/// <summary>The facts of the job that a guest's preparation needs beyond its plan; among them are secrets.</summary>
/// <param name="Variables">The wanted variables.</param>
/// <param name="Services">The services.</param>
internal sealed record JobDetails(Func<IReadOnlyList<string>, JobVariables> Variables, Func<JobServices> Services)
{
    /// <summary>Of a clone that belongs to no job.</summary>
    public static JobDetails None { get; } = new(
        _ => throw new InvalidOperationException("a clone without a job has no variables"), () => throw new InvalidOperationException("a clone without a job has no services"));
}
