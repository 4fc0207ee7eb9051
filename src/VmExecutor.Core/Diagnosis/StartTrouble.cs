using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;

namespace VmExecutor.Core.Diagnosis;

/// <summary>Everything that is known of a start that failed.</summary>
public sealed record StartTrouble
{
    public required ErrorCode Code { get; init; }

    /// <summary>The accelerator that really executes the guest.</summary>
    public required Accelerator Accelerator { get; init; }

    /// <summary>The phase that did not end.</summary>
    public required string Phase { get; init; }

    /// <summary>The time since the phase had begun.</summary>
    public required TimeSpan Stalled { get; init; }

    /// <summary>The last lines of the guest's console.</summary>
    public required IReadOnlyList<string> Console { get; init; }

    public required HostPressure Pressure { get; init; }

    public NetworkSettings Network { get; init; } = new();

    /// <summary>The MAC address of the source's first card; null: not known.</summary>
    public string? SourceCard { get; init; }

    public SshSettings? Ssh { get; init; }
}
