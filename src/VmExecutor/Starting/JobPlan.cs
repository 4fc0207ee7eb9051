using VmExecutor.Core.Clones;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Services;
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
        return plan with { Generation = chosen.Generation, HasProxyAlone = EgressNeeds.IsByProxy(machine.Hypervisor.Uri) };
    }

    /// <summary>Decides which of a job's services are VMs of their own, and which are containers in its VM.</summary>
    /// <param name="machine">Where they would be.</param>
    /// <param name="plan">The plan of the job's own VM.</param>
    /// <param name="services">As the job has them.</param>
    /// <exception cref="Core.Failures.BuildFailureException">One cannot be, or is not allowed.</exception>
    public static ServicePlan Services(Machine machine, ClonePlan plan, JobServices services) =>
        ServicePlan.Of(services, plan.Image, RegistryLogins.None, name => ImageChoice.ForService(name, plan.Job, machine.Settings));

    /// <summary>Warns of settings of the runner that this image's jobs cannot work with.</summary>
    /// <inheritdoc cref="RunnerNeeds.Warnings" path="/param"/>
    public void WarnOfRunner(ClonePlan plan, string? flag, Func<RunnerEntry?> findRunner) =>
        RunnerNeeds.Warnings(plan, flag, findRunner).ToList().ForEach(warn);
}
