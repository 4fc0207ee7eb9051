using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.Observing;

/// <summary>
/// One line of the operator's log. Only what is a name, a number or a word of our own: no message, since messages quote what jobs and guests say; no
/// variable, script or key. What is null is left out.
/// </summary>
public sealed record LogLine
{
    /// <summary><c>config</c>, <c>prepare</c>, <c>run</c>, <c>cleanup</c>, <c>gc</c>, <c>publish</c>, <c>warm</c>.</summary>
    public required string Stage { get; init; }

    /// <summary>
    /// <c>ok</c>, <c>script_failed</c>, <c>build_failure</c>, <c>system_failure</c>, <c>cancelled</c>, <c>bug</c>; of cleanup <c>removed</c> or <c>kept</c>.
    /// </summary>
    public string Outcome { get; init; } = "ok";

    public string? Job { get; init; }

    public string? Project { get; init; }

    public string? Image { get; init; }

    public int? Generation { get; init; }

    /// <summary><c>warm</c> or <c>cold</c>.</summary>
    public string? Start { get; init; }

    /// <summary>The word of a <c>ColdReason</c>.</summary>
    public string? ColdReason { get; init; }

    public string? SubStage { get; init; }

    public int? ExitCode { get; init; }

    /// <summary><c>VMX1402</c>.</summary>
    public string? Error { get; init; }

    /// <summary>How the job ended, as the runner says.</summary>
    public string? Result { get; init; }

    /// <summary>How long the stage or command took.</summary>
    public double Seconds { get; init; }

    /// <summary>Of prepare, in seconds.</summary>
    public IReadOnlyDictionary<string, double>? Phases { get; init; }

    public long? PeakMemoryBytes { get; init; }

    public double? CpuSeconds { get; init; }

    public long? DiskBytes { get; init; }

    /// <summary>How many leftovers gc has removed.</summary>
    public int? Removed { get; init; }

    /// <summary>How many it could not remove.</summary>
    public int? Failed { get; init; }

    /// <summary>How important it is; it follows from the rest.</summary>
    public LogLevel Level => Outcome switch
    {
        "system_failure" or "bug" => LogLevel.Error,
        _ when Failed > 0 => LogLevel.Error,
        "script_failed" => LogLevel.Debug,
        "ok" or "cancelled" when Stage is "config" or "run" => LogLevel.Debug,
        _ when Stage == "prepare" && ColdReason is not null => LogLevel.Warning,
        _ => LogLevel.Info,
    };
}
