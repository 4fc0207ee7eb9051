using VmExecutor.Core.Clones;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Host.Guests.Preparation;

namespace VmExecutor.Stages;

/// <summary>What happens in a guest before the job's first script: its cloud-init is waited for, then it gets tools of the host and runs the administrator's hook.</summary>
/// <param name="cloudInit">Waits for it.</param>
/// <param name="tools">Copies what the disk does not have yet.</param>
/// <param name="hook">Runs the script.</param>
/// <param name="variables">Reads the wanted variables of the job, when they are needed.</param>
/// <param name="openOutput">Opens the job log for the hook's bytes.</param>
internal sealed class GuestPreparation(
    CloudInitWait cloudInit, GuestTools tools, PrepareHook hook, Func<IReadOnlyList<string>, JobVariables> variables, Func<(Stream Output, Stream Error)> openOutput)
{
    public async Task RunAsync(
        ClonePlan plan, GuestAccess access, Func<CancellationToken, Task> watch, JobLog log, PhaseTimes times, CancellationToken cancellationToken)
    {
        var image = plan.Image;
        access.Look?.Remarks.ToList().ForEach(log.Warn);
        if (await cloudInit.RunAsync(image, access, watch, log, cancellationToken))
        {
            times.Ended("cloud-init");
        }

        if (image.Tools.Count > 0)
        {
            await tools.DeliverAsync(access, image.Tools, plan.Generation?.Record.Tools ?? [], log.Say, cancellationToken);
            times.Ended("tools");
        }

        if (image.PrepareHook is { } settings)
        {
            log.Say($"Running the prepare hook {settings.Script}");
            var (output, error) = openOutput();
            await hook.RunAsync(settings, access, variables(settings.Variables), output, error, watch, cancellationToken);
            times.Ended("hook");
        }
    }
}
