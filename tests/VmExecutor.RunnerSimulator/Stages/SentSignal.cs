namespace VmExecutor.RunnerSimulator.Stages;

/// <summary>A signal to a stage's process group.</summary>
/// <param name="Number">15 or 9.</param>
/// <param name="After">Since the stage's start.</param>
public sealed record SentSignal(int Number, TimeSpan After);
