using VmExecutor.Core.Configuration.Binding.Kinds;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>The keys of <c>sizes:</c>, and the kinds of processors and memory.</summary>
internal static class ImageSizeKeys
{
    public static readonly WholeNumberKind Cpus = new(1, 512);
    public static readonly SizeKind Memory = new(ByteSize.FromMebibytes(16));

    private const string OfImage = "what the image has";

    public static readonly Section Sizes = new(
    [
        new("min_cpus", Cpus, "The least that a job may choose by VM_CPUS; 'cpus: auto' is no less.", "2") { Otherwise = "1" },
        new("max_cpus", Cpus, "The most that a job may choose by VM_CPUS; 'cpus: auto' is no more.", "8") { Otherwise = OfImage },
        new("min_memory", Memory, "The least that a job may choose by VM_MEMORY; 'memory: auto' is no less.", "512MiB") { Otherwise = OfImage },
        new("max_memory", Memory, "The most that a job may choose by VM_MEMORY; 'memory: auto' is no more.", "8GiB") { Otherwise = OfImage },
        new("max_disk", Memory, "The most that a job may make its first disk by VM_DISK; the least is always the base's own size.", "40GiB")
        { Otherwise = "the base's size" },
    ]);
}
