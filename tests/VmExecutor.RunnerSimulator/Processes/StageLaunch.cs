namespace VmExecutor.RunnerSimulator.Processes;

/// <summary>What one stage's process is started with; nothing is inherited besides.</summary>
internal sealed record StageLaunch(
    string Executable,
    IReadOnlyList<string> Arguments,
    IReadOnlyDictionary<string, string> Environment,
    string WorkingDirectory);
