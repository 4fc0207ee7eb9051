using VmExecutor.Core.Configuration.Options;
using VmExecutor.Core.Firewall;

namespace VmExecutor.Core.Configuration;

/// <summary>The rules that keep guests in QEMU's user-mode network off this host's own services.</summary>
public sealed record FirewallSettings
{
    public FirewallMode Mode { get; init; } = FirewallMode.Auto;

    /// <summary>Services of this host that guests may use all the same, as <see cref="HostService"/> reads them.</summary>
    public IReadOnlyList<string> Allow { get; init; } = [];

    /// <summary>Networks that guests must not reach, in CIDR notation.</summary>
    public IReadOnlyList<string> Forbid { get; init; } = [];

    internal static readonly Section<FirewallSettings> Keys = new Section<FirewallSettings>(new())
        .Key("mode", Kinds.Choice<FirewallMode>(),
            "Whether rules of nftables keep guests in QEMU's user-mode network off the host's loopback, its own addresses, other guests' ports and metadata services. auto: where that can be; required: no VM starts otherwise.",
            "required", it => it.Mode, (it, value) => it with { Mode = value })
        .OneOrMore("allow", Kinds.HostService,
            "A service of this host that guests may use, as address and port: a GitLab, a cache. A guest reaches the host's loopback as 10.0.2.2.",
            "127.0.0.1:5000", it => it.Allow, (it, value) => it with { Allow = value }, otherwise: "none")
        .OneOrMore("forbid", Kinds.Network,
            "A network that guests must not reach either: one of your own, for example. What 'allow' names stays open.",
            "10.0.0.0/8", it => it.Forbid, (it, value) => it with { Forbid = value }, otherwise: "none");
}

/// <summary>The choice whether there are such rules.</summary>
public enum FirewallMode
{
    /// <summary>Rules are put up on a host where that can be.</summary>
    Auto,

    /// <summary>No rules are put up, and those that are there stay.</summary>
    Off,

    /// <summary>No VM is started where that cannot be.</summary>
    Required,
}
