using VmExecutor.Core.Configuration.Options;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>The sizes of a clone, and the sizes that a job may choose by VM_CPUS, VM_MEMORY and VM_DISK.</summary>
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

    /// <summary>The largest size that a job may choose for its first disk; null: the base's size, which is always the least.</summary>
    public ByteSize? MaxDisk { get; init; }

    internal const string OfImage = "what the image has";

    internal static readonly ScalarKind<int> CpuKind = Kinds.WholeNumber(1, 512);

    internal static readonly ScalarKind<ByteSize> MemoryKind = Kinds.Size(ByteSize.FromMebibytes(16));

    internal static readonly Section<SizeSettings> Keys = new Section<SizeSettings>(new())
        .Key("min_cpus", CpuKind,
            "The least that a job may choose by VM_CPUS; 'cpus: auto' is no less.",
            "2", it => it.MinCpus, (it, value) => it with { MinCpus = value }, otherwise: "1")
        .Key("max_cpus", CpuKind,
            "The most that a job may choose by VM_CPUS; 'cpus: auto' is no more.",
            "8", it => it.MaxCpus, (it, value) => it with { MaxCpus = value }, otherwise: OfImage)
        .Key("min_memory", MemoryKind,
            "The least that a job may choose by VM_MEMORY; 'memory: auto' is no less.",
            "512MiB", it => it.MinMemory, (it, value) => it with { MinMemory = value }, otherwise: OfImage)
        .Key("max_memory", MemoryKind,
            "The most that a job may choose by VM_MEMORY; 'memory: auto' is no more.",
            "8GiB", it => it.MaxMemory, (it, value) => it with { MaxMemory = value }, otherwise: OfImage)
        .Key("max_disk", MemoryKind,
            "The most that a job may make its first disk by VM_DISK; the least is always the base's own size.",
            "40GiB", it => it.MaxDisk, (it, value) => it with { MaxDisk = value }, otherwise: "the base's size");
}
