using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>The sizes of a clone; null: the same as the source's.</summary>
public sealed record CloneSizes
{
    public int? Cpus { get; init; }

    public ByteSize? Memory { get; init; }

    /// <summary>The virtual size of the first writable disk; never less than the base's.</summary>
    public ByteSize? Disk { get; init; }
}
