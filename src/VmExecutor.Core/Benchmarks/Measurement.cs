namespace VmExecutor.Core.Benchmarks;

/// <summary>One clone from nothing to nothing; durations in seconds, sizes in bytes.</summary>
public sealed record Measurement
{
    /// <summary>The phases as prepare reports them, in their order.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> Phases { get; init; } = [];

    /// <summary>The stage's process from its start to its end.</summary>
    public required double PrepareSeconds { get; init; }

    /// <summary>A sub-stage whose script does nothing.</summary>
    public double? ScriptSeconds { get; init; }

    public double? CleanupSeconds { get; init; }

    /// <summary>Of QEMU, what it shares with others counted in part (proc(5), Pss); null: we may not look.</summary>
    public long? PssBytes { get; init; }

    /// <summary>Pages of guest memory that no other process and no file has; null: they cannot be told from others.</summary>
    public long? OwnGuestMemoryBytes { get; init; }

    /// <summary>The size of its overlays on the disk, in bytes.</summary>
    public long? DiskBytes { get; init; }
}
