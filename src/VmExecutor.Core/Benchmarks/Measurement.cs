namespace VmExecutor.Core.Benchmarks;

/// <summary>One clone from nothing to nothing; durations in seconds, sizes in bytes.</summary>
public sealed record Measurement
{
    /// <summary>The phases as prepare reports them, in their order.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> Phases { get; init; } = [];

    /// <summary>The stage's process from its start to its end.</summary>
    public required double PrepareSeconds { get; init; }

    /// <summary>The stage that answers the runner's first question.</summary>
    public double ConfigSeconds { get; init; }

    /// <summary>Sub-stages whose script does nothing, each by itself.</summary>
    public IReadOnlyList<double> ScriptSeconds { get; init; } = [];

    public double? CleanupSeconds { get; init; }

    /// <summary>The guest's part of ending with its project's disk, which is a part of cleanup; null: it had none.</summary>
    public double? UnmountSeconds { get; init; }

    /// <summary>The host's part: the new version; null: there was none.</summary>
    public double? PromoteSeconds { get; init; }

    /// <summary>A whole job that does nothing: the sum of its stages. Null: not all of them were measured.</summary>
    public double? JobSeconds => ScriptSeconds.Count == 0 ? null : ConfigSeconds + PrepareSeconds + ScriptSeconds.Sum() + CleanupSeconds;

    /// <summary>Of QEMU, what it shares with others counted in part (proc(5), Pss); null: we may not look.</summary>
    public long? PssBytes { get; init; }

    /// <summary>Pages of guest memory that no other process and no file has; null: they cannot be told from others.</summary>
    public long? OwnGuestMemoryBytes { get; init; }

    /// <summary>The size of its overlays on the disk, in bytes.</summary>
    public long? DiskBytes { get; init; }
}
