namespace VmExecutor.RunnerSimulator;

/// <summary>The events that can reach a job from outside, each once.</summary>
internal sealed class JobControl
{
    private readonly TaskCompletionSource _canceled = Event();
    private readonly TaskCompletionSource _aborted = Event();
    private readonly TaskCompletionSource _runnerStopped = Event();
    private readonly TaskCompletionSource _runnerKilled = Event();

    public Task Canceled => _canceled.Task;

    public Task Aborted => _aborted.Task;

    public Task RunnerStopped => _runnerStopped.Task;

    public Task RunnerKilled => _runnerKilled.Task;

    public void Cancel() => _canceled.TrySetResult();

    public void Abort() => _aborted.TrySetResult();

    public void StopRunner() => _runnerStopped.TrySetResult();

    public void KillRunner() => _runnerKilled.TrySetResult();

    private static TaskCompletionSource Event() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
