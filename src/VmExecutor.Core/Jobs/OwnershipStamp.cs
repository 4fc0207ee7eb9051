namespace VmExecutor.Core.Jobs;

/// <summary>
/// Who owns a clone and its files: written into the domain's metadata and into <c>job.json</c>. Nothing without it is touched.
/// </summary>
public sealed record OwnershipStamp
{
    public required string Key { get; init; }

    public required string? Project { get; init; }

    public required string Image { get; init; }

    public required RunnerProcess Runner { get; init; }

    /// <summary>The runner's directory of this attempt; gone when the attempt is over.</summary>
    public required string? TemporaryDirectory { get; init; }

    public required DateTimeOffset Created { get; init; }

    /// <summary>When the job's time is over, with a margin: from then on the clone is a leftover.</summary>
    public required DateTimeOffset Expires { get; init; }
}

/// <summary>A process that cannot be mistaken for a later one with the same id: pid and start time (proc(5), stat field 22, in clock ticks since boot).</summary>
public sealed record RunnerProcess(int Pid, long StartTicks);
