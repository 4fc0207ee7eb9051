namespace VmExecutor.Core.Capacity;

/// <summary>The memory that another VM of this host was promised, and the part of it that the VM has taken already.</summary>
/// <param name="PromisedBytes">The memory its job was admitted with; 0 for a VM that an older driver has made.</param>
/// <param name="ResidentBytes">What its QEMU really has; 0 before there is one.</param>
/// <param name="Starting">Its prepare is under way.</param>
public sealed record LiveClaim(long PromisedBytes, long ResidentBytes, bool Starting)
{
    /// <summary>
    /// Memory that the VM may still take, in bytes. 0 for a VM that took more than its promise: the host's free memory shows that
    /// already.
    /// </summary>
    public long OutstandingBytes => Math.Max(0, PromisedBytes - ResidentBytes);
}
