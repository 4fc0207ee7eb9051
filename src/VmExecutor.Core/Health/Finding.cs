namespace VmExecutor.Core.Health;

/// <summary>What a check found out; a check may find several things.</summary>
/// <param name="Check">Which.</param>
/// <param name="Status">How bad it is.</param>
/// <param name="Found">What is the case, in a sentence with names and numbers.</param>
/// <param name="Fix">A command or a line of configuration to copy; null: nothing is to be done.</param>
public sealed record Finding(Check Check, CheckStatus Status, string Found, string? Fix);
