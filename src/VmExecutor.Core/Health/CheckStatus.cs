namespace VmExecutor.Core.Health;

/// <summary>What a check came to; the worst last.</summary>
public enum CheckStatus
{
    Ok,

    /// <summary>It does not apply here, or what it depends on is missing; the finding says which.</summary>
    Skipped,

    /// <summary>Jobs run, but worse than they could, or not under all circumstances.</summary>
    Warning,

    /// <summary>Jobs fail.</summary>
    Problem,
}
