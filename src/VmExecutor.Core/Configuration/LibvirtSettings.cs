namespace VmExecutor.Core.Configuration;

/// <summary>How to reach libvirt.</summary>
public sealed record LibvirtSettings
{
    /// <summary>
    /// Connection URI; null: <c>VIRSH_DEFAULT_CONNECT_URI</c>, else <c>LIBVIRT_DEFAULT_URI</c>,
    /// else <c>qemu:///system</c> for root and <c>qemu:///session</c> for others.
    /// </summary>
    public string? Uri { get; init; }

    /// <summary>How long a single call may take before libvirt counts as not answering.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(60);
}
