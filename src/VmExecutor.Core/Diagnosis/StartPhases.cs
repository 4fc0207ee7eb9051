using VmExecutor.Core.Failures;

namespace VmExecutor.Core.Diagnosis;

/// <summary>The phases of a cold start, in their order; those of a failed warm start are over as one, <c>warm</c>.</summary>
public static class StartPhases
{
    /// <summary>The phase that was under way, by the last one that ended.</summary>
    /// <param name="last">Null: none has ended.</param>
    /// <param name="code">Why the start failed.</param>
    public static string After(string? last, ErrorCode code) => last switch
    {
        _ when code == ErrorCodes.TemplateNotLoaded => "warm",
        null => "source",
        "source" when code == ErrorCodes.CapacityExhausted || code == ErrorCodes.CapacityNeverEnough => "capacity",
        "source" or "capacity" or "warm" => "disks",
        "disks" => "start",
        "start" => "boot",
        "boot" => "ssh",
        _ when code == ErrorCodes.ToolNotDelivered => "tools",
        _ => "hook",
    };
}
