namespace VmExecutor.Core.Configuration;

/// <summary>Whether the scripts of failed jobs are kept for <c>vm-executor replay</c>. They hold the jobs' variables, secrets too.</summary>
public sealed record KeepScriptsSettings
{
    /// <summary>How long; null: none is kept.</summary>
    public TimeSpan? For { get; init; }

    /// <summary>Of how many jobs at most; the oldest go first.</summary>
    public int Max { get; init; } = 20;
}
