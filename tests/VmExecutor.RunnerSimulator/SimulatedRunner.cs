using VmExecutor.RunnerSimulator.Jobs;

namespace VmExecutor.RunnerSimulator;

/// <summary>
/// GitLab Runner's custom executor, rebuilt from docs/runner-contract.md as an instrument: it knows nothing of the driver but
/// the four executables. What it does is what the real runner 19.4.0 was seen to do.
/// </summary>
public sealed class SimulatedRunner(RunnerOptions options)
{
    /// <summary>
    /// A whole job, from config to cleanup. <paramref name="cancellationToken"/> means that the test gives up: the running
    /// stage's group is killed and the job throws.
    /// </summary>
    public Task<JobResult> RunJobAsync(SimulatedJob job, CancellationToken cancellationToken) =>
        Start(job, cancellationToken).Completion;

    /// <summary>A whole job that a test means to cancel or disturb on its way.</summary>
    public RunningJob Start(SimulatedJob job, CancellationToken cancellationToken) => new(options, job, cancellationToken);

    /// <summary>A job whose stages the test calls one by one.</summary>
    public JobSession Open(SimulatedJob job, CancellationToken cancellationToken) =>
        new(options, job, new JobControl(), cancellationToken);
}
