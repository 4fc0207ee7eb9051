namespace VmExecutor.RunnerSimulator.Stages;

/// <summary>The four calls of a custom executor driver.</summary>
public enum Stage
{
    Config,
    Prepare,
    Run,
    Cleanup,
}
