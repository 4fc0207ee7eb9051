using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;

namespace VmExecutor.Stages;

/// <summary>
/// Resolves the job's image, looks at the sizes that the job wants as far as the configuration tells, and answers the runner with one JSON
/// document on stdout and nothing else. It touches nothing but the configuration.
/// </summary>
internal sealed class ConfigStage(Settings settings, TextWriter answer)
{
    /// <exception cref="Core.Failures.BuildFailureException">The job asks for an image or a size that is not there for it.</exception>
    public void Run(Job job)
    {
        var plan = ClonePlan.For(job, settings, cardSeed: "");
        SizeChoice.Check(job, plan.Image);
        answer.WriteLine(new DriverAnswer
        {
            Driver = (DriverVersion.Name, DriverVersion.Text),
            Hostname = plan.Domain.Value,
            BuildsDir = plan.Image.BuildsDir,
            CacheDir = plan.Image.CacheDir,
            Shell = plan.Image.Shell.ToString().ToLowerInvariant(),
        }.ToJson());
        answer.Flush();
    }
}
