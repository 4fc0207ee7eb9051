namespace VmExecutor.Host.Libvirt;

// When to try again.
public sealed partial class LibvirtHypervisor
{
    /// <summary>
    /// Opening a connection while the daemon does not listen: its restart takes a moment. At most 10 s, then it fails with
    /// <see cref="LibvirtHint.ForOpening"/>.
    /// </summary>
    private LibvirtRetry Opening { get; } = new(
        time, 10, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1), e => e.Error.IsNobodyListening);

    /// <summary>A call whose connection was lost (the daemon was restarted): on a new connection.</summary>
    private LibvirtRetry Reconnecting { get; } = new(
        time, 3, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1), e => e.ConnectionLost);

    /// <summary>
    /// Destroying a domain whose QEMU does not end since it waits in the kernel for storage: libvirt itself gives up after 15 s each
    /// time (virprocess.c, virProcessKillPainfullyDelay).
    /// </summary>
    private LibvirtRetry Destroying { get; } = new(
        time, 2, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4), e => e.Error.IsStillBusy);
}
