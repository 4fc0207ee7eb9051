using VmExecutor.Core.Guests;

namespace VmExecutor.Host.Guests;

/// <summary>One TCP connection to a guest's ssh server.</summary>
/// <param name="Address">The server.</param>
/// <param name="Began">A timestamp of the clock.</param>
internal sealed record ConnectTry(GuestAddress Address, long Began);

/// <summary>The ways in which a connection to a guest's ssh server ends.</summary>
internal enum ConnectEnd
{
    /// <summary>The server has sent its greeting.</summary>
    Greeted,

    /// <summary>The login is done.</summary>
    LoggedIn,

    /// <summary>The guest has refused or closed it: its network is up.</summary>
    Closed,

    /// <summary>No packet of the guest came: its network is not up, or a firewall is silent.</summary>
    Silent,

    /// <summary>The end says nothing about the guest: we gave up, or the host's network has no way.</summary>
    Other,
}
