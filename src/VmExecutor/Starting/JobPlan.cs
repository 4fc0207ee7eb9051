using VmExecutor.Core.Clones;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Jobs;
using VmExecutor.Host;
using VmExecutor.Host.Images;

namespace VmExecutor.Starting;

/// <summary>Decides which image and which generation of it a job gets; nothing later decides them.</summary>
/// <param name="machine">Where its VM is made.</param>
/// <param name="warn">Takes lines for the job log.</param>
internal sealed class JobPlan(Machine machine, Action<string> warn)
{
    /// <param name="job">The job.</param>
    /// <param name="generation">Of the image, if it is still there; null: the current one.</param>
    /// <exception cref="Core.Failures.DriverException">There is no such image for this job, or nothing of it can be cloned.</exception>
    public ClonePlan Decide(Job job, int? generation)
    {
        var plan = ClonePlan.For(job, machine.Settings, GuestOfJob.NewCardSeed());
        var chosen = ChosenGeneration.For(plan.Image, machine.Catalogue, generation);
        chosen.Warnings.ToList().ForEach(warn);
        return plan with { Generation = chosen.Generation };
    }

    /// <summary>Warns of settings of the runner that this image's jobs cannot work with.</summary>
    /// <inheritdoc cref="RunnerNeeds.Warnings" path="/param"/>
    public void WarnOfRunner(ClonePlan plan, string? flag, Func<RunnerEntry?> findRunner) =>
        RunnerNeeds.Warnings(plan, flag, findRunner).ToList().ForEach(warn);
}
