using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Health;

/// <summary>A libvirt network as libvirt tells of it.</summary>
/// <param name="IsActive">Whether guests can be connected to it.</param>
/// <param name="StartsByItself">Whether it is there again after a restart of the host.</param>
/// <param name="KeepsGuestsApart">Whether its guests cannot reach each other; null: it is none of the kernel's bridges, and libvirt does not say.</param>
/// <param name="TellsClonesApart">Whether its DHCP server gives each card an address of its own, whatever name a guest gives itself; null: it has none.</param>
public sealed record NetworkState(bool IsActive, bool StartsByItself, bool? KeepsGuestsApart, bool? TellsClonesApart = null)
{
    /// <summary>The way by which guests reach other networks (<c>forward mode</c>); <c>none</c>: they do not.</summary>
    public string Forward { get; init; } = "none";

    /// <summary>The host's addresses on it, in CIDR notation.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];
}

/// <summary>Judges the networks that the images' cards are connected to. Only a guest can tell whether it reaches anything.</summary>
public static class NetworkRules
{
    private const string EgressFix = "see docs/egress.md, \"What it needs\"; or write 'egress: {mode: open}' in the image";

    /// <param name="name">The libvirt network.</param>
    /// <param name="state">Null: there is none of that name.</param>
    /// <param name="uri">Of libvirt.</param>
    /// <param name="images">The images that want it.</param>
    public static Finding DecideNetwork(string name, NetworkState? state, string uri, IReadOnlyList<string> images)
    {
        var virsh = $"virsh -c {ShellText.Quote(uri)}";
        var (word, who) = (ShellText.Quote(name), Quantity.Named("image", images));
        return state switch
        {
            null => Checks.Network.Problem(
                $"there is no libvirt network '{name}', which {who} want{(images.Count == 1 ? "s" : "")}: VMs do not start", $"{virsh} net-list --all   # then correct 'network: {{name: …}}' in the image, or define it: net-define FILE"),
            { IsActive: false } => Checks.Network.Problem(
                $"the libvirt network '{name}' is not active: VMs of {who} do not start", $"{virsh} net-start {word} && {virsh} net-autostart {word}"),
            { StartsByItself: false } => Checks.Network.Warning(
                $"the libvirt network '{name}' is active, but does not start by itself after a restart of the host", $"{virsh} net-autostart {word}"),
            { KeepsGuestsApart: false } => Checks.Network.Warning(
                $"guests in the libvirt network '{name}' reach each other: a job of {who} may try the VMs of other jobs",
                $"{virsh} net-edit {word}   # add <port isolated='yes'/> below <network>, then, when no job runs: net-destroy {word}; net-start {word}"),
            _ => Checks.Network.Ok($"the libvirt network '{name}' is active ({who}){(state.KeepsGuestsApart == true ? " and keeps its guests apart" : "")}"),
        };
    }

    /// <summary>Clones of one image name themselves alike to DHCP (systemd-networkd: by the machine id), and dnsmasq then gives them one address.</summary>
    /// <returns>Null: nothing is to be said.</returns>
    public static Finding? DecideLeases(string name, NetworkState? state, string uri, IReadOnlyList<string> images) => state?.TellsClonesApart switch
    {
        null => null,
        true => Checks.Network.Ok($"the DHCP server of the libvirt network '{name}' tells clones apart by their network cards (dhcp-ignore-clid)"),
        false => Checks.Network.Warning(
            $"the DHCP server of the libvirt network '{name}' may give one address to two clones of {Quantity.Named("image", images)}, since it goes by the name that a guest gives itself: jobs then fail with VMX1410",
            $"virsh -c {ShellText.Quote(uri)} net-edit {ShellText.Quote(name)}   # <network xmlns:dnsmasq='http://libvirt.org/schemas/network/dnsmasq/1.0'> and in it <dnsmasq:options><dnsmasq:option value='dhcp-ignore-clid'/></dnsmasq:options>, then, when no job runs: net-destroy; net-start"),
    };

    /// <param name="emulator">The program.</param>
    /// <param name="backends">What it says to <c>-netdev help</c>: a line for each.</param>
    public static Finding DecideUserMode(string emulator, string backends) => backends.Split('\n').Any(line => line.Trim() == "user")
        ? Checks.Network.Ok($"{emulator} has user-mode networking (slirp)")
        : Checks.Network.Problem(
            $"{emulator} was built without user-mode networking (slirp): VMs do not start", $"network: {{mode: {nameof(NetworkMode.Libvirt).ToLowerInvariant()}, name: default}}   # in the image; or another QEMU");

    /// <param name="images">Those in user-mode networks.</param>
    /// <param name="listeners">What listens on the host's loopback only.</param>
    /// <param name="firewall">What may keep guests off; null: nothing can.</param>
    public static Finding DecideLoopback(IReadOnlyList<string> images, IReadOnlyList<string> listeners, GuestFirewall? firewall)
    {
        var who = string.Join(", ", images);
        return (images.Count, listeners.Count, firewall) switch
        {
            (0, _, _) => Checks.Loopback.Ok("no image is in QEMU's user-mode network, which would pass guests on to the host's loopback"),
            (_, _, { IsOn: true }) => Checks.Loopback.Ok($"{firewall!.InForce} to keep guests of {who} off the host's loopback; 'doctor --deep' tries it"),
            (_, 0, _) => Checks.Loopback.Ok($"guests of {who} reach the host's loopback (as {GuestRules.HostAsSeenByGuest}), where nothing listens now"),
            (_, _, { IsOn: null }) => Checks.Loopback.Warning(
                $"unless {GuestFirewall.Name} keeps them off, which only root can see, guests of {who} reach services that listen on the host's loopback only (as {GuestRules.HostAsSeenByGuest}), now: {Shorten(listeners)}",
                "sudo vm-executor doctor   # or doctor --deep, which tries it"),
            _ => Checks.Loopback.Warning(
                $"guests of {who} reach services that listen on the host's loopback only (as {GuestRules.HostAsSeenByGuest}), now: {Shorten(listeners)}", GuestFirewall.FixFor(firewall)),
        };
    }

    /// <summary>Judges whether the egress policies of the images can be kept in session mode, by a proxy.</summary>
    /// <param name="images">Those with a policy.</param>
    public static Finding DecideEgressByProxy(IReadOnlyList<ImageDefinition> images)
    {
        var refused = images.Select(image => (Name: image.Name.Value, Why: EgressNeeds.WhyNotByProxy(image))).Where(image => image.Why is not null).ToList();
        return refused.Count > 0
            ? Checks.Egress.Problem($"the egress policies of {string.Join(", ", refused.Select(image => image.Name))} cannot be kept, so their jobs fail: {refused[0].Why}", EgressFix)
            : Checks.Egress.Ok($"the egress policies of {string.Join(", ", images.Select(image => image.Name))} are kept by a proxy: {EgressNeeds.OnlyByProxy}");
    }

    /// <summary>Judges whether the egress policies of the images can be kept on this host.</summary>
    /// <param name="images">The images with policies.</param>
    /// <param name="whyNever">The reason why no VM here can have one; null: that is not known to be so.</param>
    /// <param name="dnsmasq">What <c>dnsmasq --version</c> says; null: it is not installed.</param>
    public static Finding DecideEgress(IReadOnlyList<string> images, string? whyNever, string? dnsmasq)
    {
        var who = string.Join(", ", images);
        return (images.Count, whyNever, dnsmasq) switch
        {
            (0, _, _) => Checks.Egress.Ok("no image has an egress policy"),
            (_, not null, _) => Checks.Egress.Problem($"the egress policies of {who} cannot be kept, so their jobs fail: {whyNever}", EgressFix),
            (_, _, null) => Checks.Egress.Problem($"dnsmasq is not installed, which the egress policies of {who} need: their jobs fail", "apt-get install dnsmasq-base"),
            _ when !CanFillSets(dnsmasq) => Checks.Egress.Problem($"{Version(dnsmasq)} cannot put addresses into sets of nftables, which the egress policies of {who} need: their jobs fail", "install dnsmasq 2.87 or later, built with nftset"),
            _ => Checks.Egress.Ok($"the egress policies of {who} can be kept ({Version(dnsmasq)})"),
        };
    }

    /// <summary>True when dnsmasq was built with nftset, which version 2.87 brought.</summary>
    /// <param name="version">What <c>dnsmasq --version</c> says.</param>
    public static bool CanFillSets(string version) => version.Split(' ', '\n').Contains("nftset");

    private static string Version(string text) => PlainText.OneLine(text.Split('\n')[0].Split("  ")[0], 100);

    private static string Shorten(IReadOnlyList<string> listeners) =>
        listeners.Count <= 8 ? string.Join(", ", listeners) : $"{string.Join(", ", listeners.Take(8))} and {listeners.Count - 8} more";
}
