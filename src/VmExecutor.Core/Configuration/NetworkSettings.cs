namespace VmExecutor.Core.Configuration;

/// <summary>What a clone's network card is connected to.</summary>
public sealed record NetworkSettings
{
    public NetworkMode Mode { get; init; } = NetworkMode.User;

    /// <summary>The libvirt network of mode <c>libvirt</c>.</summary>
    public string Name { get; init; } = "default";
}

public enum NetworkMode
{
    /// <summary>QEMU's user-mode network: each clone has its own, the host reaches it by a loopback port; no root, no bridge.</summary>
    User,

    /// <summary>A named libvirt network; the address is found by lease, then guest agent, then ARP.</summary>
    Libvirt,
}
