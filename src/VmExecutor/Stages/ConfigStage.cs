using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;

namespace VmExecutor.Stages;

/// <summary>Resolves the job's image and answers the runner with one JSON document on stdout and nothing else.</summary>
internal sealed class ConfigStage(Settings settings, TextWriter answer)
{
    /// <exception cref="Core.Failures.BuildFailureException">The job asks for an image that is not there.</exception>
    public void Run(Job job)
    {
        var plan = ClonePlan.For(job, settings);
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
