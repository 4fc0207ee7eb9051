namespace VmExecutor.Core.Configuration;

/// <summary>The daemon of a host that serves <c>qemu:///system</c>: the one for everything, or the one for QEMU where each driver has a daemon of its own.</summary>
/// <param name="Unit">Its systemd unit, and the name of its program.</param>
public sealed record LibvirtDaemon(string Unit)
{
    public static readonly LibvirtDaemon Monolithic = new("libvirtd");
    public static readonly LibvirtDaemon OfQemu = new("virtqemud");

    /// <summary>A pattern of the names of both programs, for <c>pgrep -x</c> where it is not known which of them a user has.</summary>
    public static readonly string AnyProgram = $"{Monolithic.Unit}|{OfQemu.Unit}";

    private const string EnabledUnits = "/etc/systemd/system";

    /// <summary>A command that starts it.</summary>
    public string Start => $"systemctl start {Unit}";

    /// <summary>A command that starts it anew; running domains stay.</summary>
    public string Restart => $"systemctl restart {Unit}";

    /// <summary>A command that shows what it has said.</summary>
    public string Journal => $"journalctl -u {Unit}";

    /// <summary>The socket by which an administrator's tools reach it; its name is longer than those of its other sockets.</summary>
    public string AdminSocket => this == OfQemu ? "virtqemud-admin-sock" : "libvirt-admin-sock";

    /// <summary>
    /// Finds the one that a host has. The sockets come first, in the order of libvirt's client (remote_sockets.c). Where neither daemon listens, programs
    /// and enabled units tell, since a host may have both programs.
    /// </summary>
    /// <param name="isThere">Whether a file is there.</param>
    public static LibvirtDaemon Find(Predicate<string> isThere) =>
        isThere("/run/libvirt/virtqemud-sock") ? OfQemu
        : isThere("/run/libvirt/libvirt-sock") || !isThere("/usr/sbin/virtqemud") ? Monolithic
        : isThere("/usr/sbin/libvirtd") && IsEnabled(Monolithic, isThere) && !IsEnabled(OfQemu, isThere) ? Monolithic
        : OfQemu;

    private static bool IsEnabled(LibvirtDaemon daemon, Predicate<string> isThere) =>
        isThere($"{EnabledUnits}/sockets.target.wants/{daemon.Unit}.socket") || isThere($"{EnabledUnits}/multi-user.target.wants/{daemon.Unit}.service");
}
