using System.Text.Json.Serialization;

namespace VmExecutor.Core.Jobs;

/// <summary>
/// The resources that a job was admitted with. They count while a process holds the job's lock or its VM lives, and no longer.
/// </summary>
/// <param name="MemoryBytes">Its VM's memory.</param>
/// <param name="Cpus">Its VM's processors.</param>
public sealed record ClaimRecord(long MemoryBytes, int Cpus)
{
    /// <summary>The memory that is kept for it by what its earlier runs took; null: as much as its VM has.</summary>
    public long? LearnedBytes { get; init; }

    /// <summary>The memory that is kept for it.</summary>
    [JsonIgnore]
    public long ReservedBytes => LearnedBytes ?? MemoryBytes;
}
