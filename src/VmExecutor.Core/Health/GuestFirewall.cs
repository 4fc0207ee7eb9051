using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.Health;

/// <summary>
/// The rules of <c>executor/firewall/guests.nft</c>, which keep guests in QEMU's user-mode network off the host's loopback: QEMU has no switch for
/// it, but under <c>qemu:///system</c> it has a user of its own, and the kernel can tell by that.
/// </summary>
/// <param name="IsInstalled">Whether there are a unit that loads the rules, and the rules.</param>
/// <param name="IsOn">Whether the kernel has them, or the driver puts its own up; null: who asks may not know.</param>
public sealed record GuestFirewall(bool IsInstalled, bool? IsOn)
{
    /// <summary>True: the driver puts its own rules up before a VM starts (<see cref="Firewall.WallRules"/>).</summary>
    public bool IsPutUpByDriver { get; init; }

    public const string Unit = "vm-executor-firewall.service";

    /// <summary>The file that the unit loads; without it the unit does nothing.</summary>
    public const string RulesFile = "/etc/vm-executor/firewall.nft";

    private const string Table = "inet vm_executor";

    private const string OtherNetwork = "network: {mode: libvirt, name: default}   # in the image";

    /// <summary>Arguments of nft that list the rules; it fails where there are none.</summary>
    public static IReadOnlyList<string> Arguments { get; } = ["list", "table", .. Table.Split(' ')];

    /// <summary>The places in which systemd looks for units (systemd.unit(5)).</summary>
    public static IReadOnlyList<string> UnitFiles { get; } = [$"/etc/systemd/system/{Unit}", $"/usr/lib/systemd/system/{Unit}", $"/lib/systemd/system/{Unit}"];

    /// <summary>The rules in words.</summary>
    public static string Name => $"nftables table '{Table}'";

    /// <summary>The rules that are on, in words for a sentence with a verb after it.</summary>
    public string InForce => IsPutUpByDriver ? $"nftables table '{Firewall.WallRules.Table}', which the driver puts up before a VM starts, is" : $"{Name} is there";

    /// <summary>The remedy that keeps guests off.</summary>
    /// <param name="firewall">Null: QEMU has no user of its own here, so that no firewall can tell guests by it.</param>
    public static string FixFor(GuestFirewall? firewall) => firewall switch
    {
        null => $"{OtherNetwork}, if its jobs are not to be trusted with such services",
        { IsInstalled: true } => $"systemctl enable --now {Unit}   # or {OtherNetwork}",
        _ => $"install -D -m 0644 executor/firewall/guests.nft {RulesFile} && cp executor/systemd/{Unit} /etc/systemd/system/ && systemctl daemon-reload && systemctl enable --now {Unit}   # or {OtherNetwork}",
    };

    /// <summary>True when libvirt's QEMU has a user of its own.</summary>
    public static bool CanHelpAt(string uri) => uri == LibvirtUri.System;

    /// <param name="listing">What nft says to <see cref="Arguments"/>.</param>
    public static bool GuardsLoopback(string listing) => listing.Split('\n').Any(line =>
        line.Trim() is var rule && rule.StartsWith("oifname \"lo\" ", StringComparison.Ordinal) && (rule.Contains("reject", StringComparison.Ordinal) || rule.EndsWith("drop", StringComparison.Ordinal)));
}
