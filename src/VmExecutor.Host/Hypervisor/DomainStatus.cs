namespace VmExecutor.Host.Hypervisor;

/// <summary>A domain's state with libvirt's reason number, whose meaning depends on the state (libvirt-domain.h, virDomain*Reason).</summary>
public sealed record DomainStatus(DomainState State, int Reason)
{
    // libvirt-domain.h: VIR_DOMAIN_PAUSED_USER.
    private const int PausedByUser = 1;

    /// <summary>True when a command to libvirt halted it, and not an I/O error or a migration.</summary>
    public bool IsPausedByUser => State == DomainState.Paused && Reason == PausedByUser;

    /// <summary>True when its processors run, or will again by themselves (blocked, just being shut down).</summary>
    public bool IsAlive => State is DomainState.Running or DomainState.Blocked or DomainState.Paused or DomainState.ShuttingDown or DomainState.Suspended;
}

/// <summary>libvirt-domain.h, virDomainState.</summary>
public enum DomainState
{
    None = 0,
    Running = 1,
    Blocked = 2,
    Paused = 3,
    ShuttingDown = 4,
    ShutOff = 5,
    Crashed = 6,
    Suspended = 7,
}
