using System.Globalization;
using System.Text.RegularExpressions;

namespace VmExecutor.Host.Hypervisor;

/// <summary>The end of a VM, in words that follow its name, and a hint.</summary>
internal sealed partial record GuestDeath(string How, string Hint)
{
    private const string SeeConsole = "See the console lines above for the guest kernel's message; too little memory for the guest is a frequent reason.";

    /// <summary>The guest's own devices say that it crashed (pvpanic).</summary>
    public static GuestDeath Crashed(IReadOnlyList<string> console) =>
        OfPanic(console) ?? new("crashed (guest kernel panic)", SeeConsole);

    /// <summary>A kernel panic that its console shows; null: none.</summary>
    public static GuestDeath? OfPanic(IReadOnlyList<string> console) =>
        console.Select(line => Panic().Match(line)).FirstOrDefault(match => match.Success) is { } panic
            ? new($"is dead: its guest's kernel panicked ({panic.Groups["why"].Value.Trim()})", SeeConsole)
            : null;

    /// <summary>A domain that is gone or off.</summary>
    /// <param name="end">What libvirt's log says; null where we may not read it.</param>
    /// <param name="console">The last lines of the guest's console.</param>
    /// <param name="killed">The host kernel's line about a QEMU it killed at that time; null: none known.</param>
    public static GuestDeath Of(QemuEnd? end, IReadOnlyList<string> console, string? killed) => end switch
    {
        { Reason: "crashed" or "failed" } when killed is not null => new(
            $"is gone: the host ran out of memory and its kernel killed a QEMU ({killed.Trim()})",
            "Give this host more memory, its VMs less (memory in the image), or let fewer jobs run at once (concurrent in the runner's config.toml)."),
        { Reason: "crashed" or "failed", LastWords: { } words } => new(
            $"is gone: its QEMU ended by itself, saying: {words}",
            "QEMU's own words say why; a newer QEMU may help. Its whole log is in /var/log/libvirt/qemu until cleanup."),
        { Reason: "crashed" or "failed" } => OfPanic(console) ?? new(
            "is gone: its QEMU was killed or crashed, without a last word",
            "Most likely the host's kernel killed it because memory ran out: dmesg | grep -i 'killed process'. A user of this host may also have killed it by hand."),
        { Reason: "destroyed" } => new(
            "was destroyed on this host, by virsh destroy or another program that uses libvirt",
            "Ask the administrator of this host, and look whether a cleanup of this same job ran at that time."),
        { Signal: { IsFromLibvirt: false } signal } => new(
            string.Create(CultureInfo.InvariantCulture, $"was ended from outside: its QEMU was sent signal {signal.Number} by process {signal.SenderPid} ({signal.SenderName})"),
            "Find out what that program is; the driver itself ends VMs through libvirt only."),
        _ => OfPanic(console) ?? Quiet(end, console),
    };

    private static GuestDeath Quiet(QemuEnd? end, IReadOnlyList<string> console) => end switch
    {
        _ when console.Any(line => line.Contains("reboot: Restarting system", StringComparison.Ordinal)) => new(
            "is over: the guest rebooted, and a job's VM lives for one boot only",
            "Let the job's script not reboot the machine; what needs a reboot belongs into the image."),
        { Reason: "shutdown" } => new(
            "is no longer running: the guest powered itself off",
            "If the job's script did not do that, see the console lines above for what did."),
        _ => new(
            "is no longer running: the guest powered itself off, or its QEMU process ended",
            "If the script did not power it off, see the console lines above and the host's kernel log (dmesg) for an out-of-memory kill."),
    };

    [GeneratedRegex(@"Kernel panic - not syncing: (?<why>.*?)(?: \]---)?$")]
    private static partial Regex Panic();
}
