using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Host;
using VmExecutor.Host.Guests.Preparation;
using VmExecutor.Stages;

namespace VmExecutor.Starting;

/// <summary>
/// Prepares a guest before the job's first script: sets a clock that is off, waits for its cloud-init, gives it tools of the host, and runs the administrator's
/// hook.
/// </summary>
/// <param name="machine">The machine.</param>
/// <param name="variables">Reads the wanted variables of the job, when the hook needs them.</param>
internal sealed class GuestPreparation(Machine machine, Func<IReadOnlyList<string>, JobVariables> variables)
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
            await HookAsync(image, access, watch, run, cancellationToken);
        }
    }

    /// <summary>The part that needs the job.</summary>
    public async Task HookAsync(ImageDefinition image, GuestAccess access, Func<CancellationToken, Task> watch, JobRun run, CancellationToken cancellationToken)
    {
        if (image.PrepareHook is { } settings)
        {
            run.Log.Say($"Running the prepare hook {settings.Script}");
            await new PrepareHook(machine.GuestShell, machine.Time)
                .RunAsync(settings, access, variables(settings.Variables), JobOutput.Output(), JobOutput.Error(), watch, cancellationToken);
            run.Times.Ended("hook");
        }
    }
}
