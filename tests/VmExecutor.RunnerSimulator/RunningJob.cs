using VmExecutor.RunnerSimulator.Jobs;

namespace VmExecutor.RunnerSimulator;

/// <summary>A job on its way through the runner, and the hands that can reach into it.</summary>
public sealed class RunningJob
{
    private readonly JobControl _control = new();

    internal RunningJob(RunnerOptions options, SimulatedJob job, CancellationToken testGaveUp)
    {
        var session = new JobSession(options, job, _control, testGaveUp);
        (Trace, RunnerLog) = (session.Trace, session.RunnerLog);
        Completion = Task.Run(() => new JobFlow(options, job, session, _control, testGaveUp).RunAsync(), CancellationToken.None);
    }

    public Task<JobResult> Completion { get; }

    public JobLog Trace { get; }

    public RunnerLog RunnerLog { get; }

    /// <summary>A user presses cancel.</summary>
    public void Cancel() => _control.Cancel();

    /// <summary>Force-cancel, or the job is erased.</summary>
    public void Abort() => _control.Abort();

    /// <summary>The runner gets SIGTERM.</summary>
    public void StopRunner() => _control.StopRunner();

    /// <summary>The runner gets SIGKILL: the running stage is orphaned, cleanup never runs.</summary>
    public void KillRunner() => _control.KillRunner();

    /// <summary>Waits until the job log has this text; throws if the job ends without it.</summary>
    public async Task TraceContainsAsync(string text)
    {
        var seen = Trace.ContainsAsync(text);
        if (await Task.WhenAny(seen, Completion) != seen && !seen.IsCompleted)
        {
            throw new InvalidOperationException($"the job ended without \"{text}\" in its log: {await Completion}");
        }
    }
}
