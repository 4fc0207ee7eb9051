namespace VmExecutor.Core.Jobs;

/// <summary>
/// The sizes that a job asks for by its variables, as they were written, references expanded; null: none, or an empty text.
/// </summary>
public sealed record RequestedSizes
{
    public const string CpusVariable = "VM_CPUS";

    public const string MemoryVariable = "VM_MEMORY";

    public const string DiskVariable = "VM_DISK";

    public string? Cpus { get; init; }

    public string? Memory { get; init; }

    public string? Disk { get; init; }
}
