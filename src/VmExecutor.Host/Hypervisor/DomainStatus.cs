namespace VmExecutor.Host.Hypervisor;

/// <summary>A domain's state with libvirt's reason number, whose meaning depends on the state (libvirt-domain.h, virDomain*Reason).</summary>
public sealed record DomainStatus(DomainState State, int Reason)
{
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
