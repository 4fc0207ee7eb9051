namespace VmExecutor.RunnerSimulator.Processes;

/// <summary>The start of one stage's process; nothing else is inherited.</summary>
internal sealed record StageLaunch(
    string Executable,
    IReadOnlyList<string> Arguments,
    IReadOnlyDictionary<string, string> Environment,
    string WorkingDirectory);
