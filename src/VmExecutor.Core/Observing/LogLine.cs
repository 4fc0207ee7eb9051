using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.Observing;

/// <summary>
/// One line of the operator's log. It holds names, numbers and the driver's own words only: no message, since messages quote jobs and
/// guests; no variable, script or key. Null fields are left out.
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

    /// <summary>The result of the job, as the runner says.</summary>
    public string? Result { get; init; }

    /// <summary>The seconds that the stage or command took.</summary>
    public double Seconds { get; init; }

    /// <summary>Of prepare, in seconds.</summary>
    public IReadOnlyDictionary<string, double>? Phases { get; init; }

    public long? PeakMemoryBytes { get; init; }

    public double? CpuSeconds { get; init; }

    public long? DiskBytes { get; init; }

    /// <summary>The number of leftovers that gc has removed.</summary>
    public int? Removed { get; init; }

    /// <summary>The number of leftovers that gc could not remove.</summary>
    public int? Failed { get; init; }

    /// <summary>The importance of the line; it follows from the rest.</summary>
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
