using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>How large a clone is, and what a job may choose by VM_CPUS, VM_MEMORY and VM_DISK.</summary>
public sealed record SizeSettings
{
    /// <summary>The least that a job may choose; null: 1.</summary>
    public int? MinCpus { get; init; }

    /// <summary>The most that a job may choose; null: what the image has.</summary>
    public int? MaxCpus { get; init; }

    /// <summary>The least that a job may choose; null: what the image has.</summary>
    public ByteSize? MinMemory { get; init; }

    /// <summary>The most that a job may choose; null: what the image has.</summary>
    public ByteSize? MaxMemory { get; init; }

    /// <summary>How large a job may make its first disk; null: as large as the base's. The least is always the base's size.</summary>
    public ByteSize? MaxDisk { get; init; }
}
