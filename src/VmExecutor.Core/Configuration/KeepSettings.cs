namespace VmExecutor.Core.Configuration;

/// <summary>Whether the VM of a failed job stays, for people who want to look.</summary>
public sealed record KeepSettings
{
    /// <summary>How long after the job; null: it goes with the job.</summary>
    public TimeSpan? For { get; init; }

    /// <summary>Globs of the projects whose VMs stay; empty: every project's.</summary>
    public IReadOnlyList<string> Projects { get; init; } = [];
}
