using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>How large a clone is; null: as its source.</summary>
public sealed record CloneSizes
{
    public int? Cpus { get; init; }

    public ByteSize? Memory { get; init; }

    /// <summary>The virtual size of the first writable disk; never less than the base's.</summary>
    public ByteSize? Disk { get; init; }
}
