namespace VmExecutor.Core.Capacity;

/// <summary>The host as the kernel sees it at one moment.</summary>
/// <param name="MemoryTotalBytes">proc(5), MemTotal.</param>
/// <param name="MemoryAvailableBytes">proc(5), MemAvailable: what programs can still get without swapping.</param>
/// <param name="DiskTotalBytes">Of the file system of <c>state_dir</c>; null: it does not say.</param>
/// <param name="DiskFreeBytes">What users may still write there; null: it does not say.</param>
public sealed record HostResources(long MemoryTotalBytes, long MemoryAvailableBytes, long? DiskTotalBytes, long? DiskFreeBytes);
