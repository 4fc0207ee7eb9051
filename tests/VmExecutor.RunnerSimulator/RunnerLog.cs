namespace VmExecutor.RunnerSimulator;

/// <summary>The runner's own log, which a job's author never sees and nothing masks: cleanup's stdout at DEBUG, its stderr at WARN.</summary>
public sealed class RunnerLog
{
    public JobLog Debug { get; } = new();

    public JobLog Warnings { get; } = new();
}
