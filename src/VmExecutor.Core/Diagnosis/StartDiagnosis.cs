using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Diagnosis;

/// <summary>
/// The likely cause of a failed start, in a sentence. The guest's own messages go before the host's state, and a cause of this very
/// failure before causes that would explain any.
/// </summary>
public static class StartDiagnosis
{
    /// <summary>Null: no cause is known beyond the failure's own message.</summary>
    public static string? Explain(StartTrouble trouble) =>
        trouble.Pressure.IsDiskFull ? "the host's disk is full: overlays cannot grow."
        : ConsoleSigns.Find(trouble.Console)
            ?? OfCode(trouble)
            ?? OfPressure(trouble)
            ?? OfSlowness(trouble);

    private static bool IsTimeout(StartTrouble trouble) =>
        trouble.Code == ErrorCodes.GuestBootTimedOut || trouble.Code == ErrorCodes.GuestSshTimedOut;

    private static string? OfCode(StartTrouble trouble) => trouble.Code switch
    {
        var code when code == ErrorCodes.GuestAddressUnknown => OfNoAddress(trouble),
        var code when code == ErrorCodes.GuestSshRefused => trouble.Ssh is { Login: not LoginMethod.Baked }
            ? $"the guest has not taken the key that it was given by {(trouble.Ssh.Login == LoginMethod.CloudInit ? "cloud-init" : "systemd credentials")}: that is not installed in the image, or came too late."
            : "wrong key: the public half of 'ssh: key' is not in the authorized_keys of 'ssh: user' in the image; or that account may not log in (locked, expired, without its shell).",
        var code when code == ErrorCodes.GuestHostKeyChanged => "'ssh: host_key' of the image is not the key of this guest, or another guest answers at its address.",
        var code when code == ErrorCodes.DomainStartFailed && trouble.Pressure.IsShortOfMemory => "the host is short of memory, so QEMU did not get the guest's.",
        _ => null,
    };

    /// <summary>
    /// On a network of the host each clone has a card address of its own, so a guest that is pinned to the source's boots without a network.
    /// </summary>
    private static string? OfNoAddress(StartTrouble trouble)
    {
        if (trouble.Network.Mode == NetworkMode.User)
        {
            return null;
        }

        var general = $"network '{trouble.Network.Name}' has no free lease or no DHCP server, or the guest does not ask on its first card.";
        var pinned = Pinned(trouble.SourceCard is { } address ? $"the source's MAC address {address}, which a clone does not have on a libvirt network" : "a MAC address of another machine");
        return ConsoleSigns.HasBooted(trouble.Console)
            ? $"the guest has booted but got no address by DHCP. {pinned} Otherwise {general}"
            : $"the guest has got no address by DHCP: {general} {pinned}";
    }

    private static string Pinned(string address) =>
        $"Its network configuration may be pinned to {address} (netplan's 'match: macaddress', MACAddress= of systemd-networkd, mac-address of NetworkManager, HWADDR, a udev rule): "
        + "let it match the card by its type or driver, or give the image 'network: {mode: user}', in which a clone of a domain keeps the domain's MAC address.";

    private static string? OfPressure(StartTrouble trouble) => !IsTimeout(trouble) ? null
        : trouble.Code == ErrorCodes.GuestBootTimedOut && ConsoleSigns.ShowsServer(trouble.Console)
            ? $"the guest has started its ssh server, but nothing answers on port {Port(trouble)}: it listens on another one ('ssh: port' of the image), a firewall is in between, or its network is down."
        : ConsoleSigns.ShowsLogin(trouble.Console)
            ? trouble.Network.Mode == NetworkMode.User
                ? $"the guest has booted, but its ssh server did not start or does not listen on port {Port(trouble)}; or its network card has no address{UnlessKept(trouble)}."
                : $"the guest has booted, but its ssh server did not start, does not listen on port {Port(trouble)}, or a firewall is in between."
        : trouble.Pressure.IsShortOfMemory ? "the host is short of memory and swaps: everything in it is slow. Let fewer jobs run at once, or raise 'limits: memory_headroom'."
        : trouble.Pressure.IsOverloaded ? string.Create(
            CultureInfo.InvariantCulture,
            $"the host has too much to do for its {Quantity.Of(trouble.Pressure.Cpus, "CPU")}. Lower 'limits: max_vms' or 'parallel_starts', or raise 'timeouts' of the image.")
        : null;

    private static string? OfSlowness(StartTrouble trouble)
    {
        if (!IsTimeout(trouble))
        {
            return null;
        }

        if (trouble.Accelerator == Accelerator.Tcg)
        {
            return $"the VM is emulated without KVM, ten to thirty times slower, and the time was too short for that: raise 'timeouts: {trouble.Phase}' of the image, or give this host KVM.";
        }

        return trouble.Console.Count == 0
            ? "the guest has written nothing to its serial console (console=ttyS0 on its kernel's command line would show more); it may not have booted at all."
            : trouble.Code == ErrorCodes.GuestBootTimedOut
                ? "the guest was still booting, or its ssh server does not start; the console's last line above shows where it stands."
                : "the ssh server answers, but does not let users log in yet: it waits for the end of the boot (pam_nologin), for random numbers or for the name service.";
    }

    private static string UnlessKept(StartTrouble trouble) => trouble.SourceCard is { } address
        ? $" (it has the source's MAC address {address})"
        : ", as when the network is pinned to a MAC address: only a clone of 'source: domain' keeps that of its source";

    private static string Port(StartTrouble trouble) => (trouble.Ssh?.Port ?? 22).ToString(CultureInfo.InvariantCulture);
}
