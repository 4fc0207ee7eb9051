namespace VmExecutor.Core.Jobs;

/// <summary>The memory that the image lets its jobs choose.</summary>
/// <param name="LeastBytes">Null: no less than the image has.</param>
/// <param name="MostBytes">Null: no more than the image has.</param>
public sealed record MemoryChoice(long? LeastBytes, long? MostBytes);
