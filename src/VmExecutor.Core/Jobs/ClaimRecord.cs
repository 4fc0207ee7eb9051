namespace VmExecutor.Core.Jobs;

/// <summary>What a job was admitted with. It counts while somebody holds the job's lock or its VM lives, and not a moment longer.</summary>
/// <param name="MemoryBytes">Its VM's memory.</param>
/// <param name="Cpus">Its VM's processors.</param>
public sealed record ClaimRecord(long MemoryBytes, int Cpus);
