namespace VmExecutor.Core.Capacity;

/// <summary>What one other VM of this host has been promised, and what it has taken of that already.</summary>
/// <param name="PromisedBytes">The memory its job was admitted with; 0 for a VM that an older driver has made.</param>
/// <param name="ResidentBytes">What its QEMU really has; 0 before there is one.</param>
/// <param name="Starting">Its prepare is under way.</param>
public sealed record LiveClaim(long PromisedBytes, long ResidentBytes, bool Starting)
{
    /// <summary>What it may still take; a VM that took more than its promise has done so, and the host's free memory shows it.</summary>
    public long OutstandingBytes => Math.Max(0, PromisedBytes - ResidentBytes);
}
