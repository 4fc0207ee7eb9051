using VmExecutor.Core.Configuration.Options;

namespace VmExecutor.Core.Configuration;

/// <summary>The network that a clone's card is connected to.</summary>
public sealed record NetworkSettings
{
    public NetworkMode Mode { get; init; } = NetworkMode.User;

    public string Name { get; init; } = "default";

    internal static readonly Section<NetworkSettings> Keys = new Section<NetworkSettings>(new())
        .Key("mode", Kinds.Choice<NetworkMode>(),
            "user: a network of its own for each clone, reached by a loopback port of the host; no root, no bridge. libvirt: a network that libvirt knows.",
            "libvirt", it => it.Mode, (it, value) => it with { Mode = value })
        .Key("name", Kinds.Text("network name", "the name that 'virsh net-list' shows"),
            "The libvirt network, as 'virsh net-list' shows it.",
            "ci", it => it.Name, (it, value) => it with { Name = value }, onlyWith: new("mode", "libvirt"));
}

public enum NetworkMode
{
    /// <summary>QEMU's user-mode network: each clone has its own, the host reaches it by a loopback port; no root, no bridge.</summary>
    User,

    /// <summary>A named libvirt network; the address is found by lease, then guest agent, then ARP.</summary>
    Libvirt,
}
