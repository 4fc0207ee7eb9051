using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration;

namespace VmExecutor.Host.Libvirt;

/// <summary>The advice for a libvirt error, decided by its numbers, and for an emulated TPM and for O_DIRECT by its text: libvirt gives failures of swtpm and of QEMU no numbers of their own.</summary>
internal static partial class LibvirtHint
{
    // errno.h, the same on every architecture .NET runs on.
    private const int NotPermitted = 1;
    private const int NoSuchFile = 2;
    private const int AccessDenied = 13;
    private const int ConnectionRefused = 111;

    private const string JoinGroup =
        "Add the runner's user to the group libvirt (usermod -aG libvirt gitlab-runner) and restart the runner.";

    /// <param name="uri">Of the connection.</param>
    /// <param name="error">libvirt's.</param>
    /// <param name="tooLong">A socket that this libvirt cannot make; it is the reason then, whatever libvirt calls it.</param>
    public static string ForOpening(string uri, LibvirtError error, SessionSocket? tooLong = null) => (LibvirtUri.IsRemote(uri), error) switch
    {
        _ when tooLong is not null => tooLong.Fix,
        (_, { Number: LibvirtErrorNumber.NoConnect }) =>
            $"Correct libvirt.uri ('{uri}'): it looks like {LibvirtUri.System}, {LibvirtUri.Session} or qemu+ssh://host/system.",
        (false, { SystemError: NoSuchFile or ConnectionRefused }) => StartDaemon(uri),
        (false, _) when uri == LibvirtUri.Session => StartDaemon(uri),
        (false, { IsRefusal: true } or { SystemError: NotPermitted or AccessDenied }) => JoinGroup,

        // Outside the group, polkit is asked; where there is no polkit either, that is an internal error of the daemon's.
        (false, { Number: LibvirtErrorNumber.InternalError }) => $"{TryByHand(uri)} {JoinGroup}",
        (true, { SystemError: ConnectionRefused }) => $"Start the libvirt daemon on the remote host and open its port. {TryByHand(uri)}",

        // The resolver's failures come without an errno.
        (true, { Number: LibvirtErrorNumber.UnknownHost } or { Number: LibvirtErrorNumber.SystemError, SystemError: 0 }) =>
            $"Correct the host in libvirt.uri ('{uri}') or this machine's name resolution.",
        _ => TryByHand(uri),
    };

    public static string ForLostConnection(string uri) =>
        $"Look whether the libvirt daemon was restarted; whether the call took effect is not known. {TryByHand(uri)}";

    public static string ForCall(string uri, LibvirtError error) => error switch
    {
        _ when OtherDaemon(error) is { } unit => StartOther(unit),
        { IsRefusal: true } => JoinGroup,
        { Number: LibvirtErrorNumber.NoDomain } => $"Look what domains there are: virsh -c {uri} list --all.",
        _ => $"Read the libvirt daemon's log: {HostDaemon.LogOf(uri)}.",
    };

    /// <inheritdoc cref="ForOpening"/>
    public static string ForStart(string uri, LibvirtError error, SessionSocket? tooLong = null) => error switch
    {
        _ when tooLong is not null => tooLong.Fix,
        _ when OtherDaemon(error) is { } unit => StartOther(unit),
        { IsRefusal: true } => JoinGroup,
        { Domain: LibvirtErrorDomain.Network } =>
            $"Look whether the network is there and active: virsh -c {uri} net-list --all. Correct network.name, or start it: net-start NAME, net-autostart NAME.",
        { IsOfTheTpm: true, Message: var message } when message.Contains("rights on", StringComparison.Ordinal) =>
            "Give the directory in the message to the user as whom libvirt runs swtpm (swtpm_user in /etc/libvirt/qemu.conf; else tss, where there is one): "
            + "chown -R tss:root /var/lib/swtpm-localca.",
        { IsOfTheTpm: true } =>
            "The source has an emulated TPM. Install what makes one: apt-get install swtpm swtpm-tools. If it is there, the message has its reason.",
        { IsOfDirectAccess: true } =>
            "The file system of state_dir refuses O_DIRECT, which the image's 'disks: cache' asks for: set 'disks: {cache: writeback}' in the image, or move state_dir to a disk.",
        { Number: LibvirtErrorNumber.XmlError or LibvirtErrorNumber.XmlInvalidSchema or LibvirtErrorNumber.ConfigurationUnsupported } =>
            "Correct the image's machine definition; this libvirt does not take it as it is.",
        _ => $"QEMU's last words are in the message; what the libvirt daemon says: {HostDaemon.LogOf(uri)}.",
    };

    public static string ForDestroy(string uri, string domain) =>
        $"Look at its QEMU process (ps -o pid,stat,wchan,cmd -C qemu-system-x86_64): in state D it waits for storage that does not answer. Then: virsh -c {uri} destroy {domain}.";

    private static string StartDaemon(string uri) => uri == LibvirtUri.Session
        ? "Install the daemon libvirt starts for a user's session: apt-get install libvirt-daemon; HOME and XDG_RUNTIME_DIR have to be writable."
        : $"Start the libvirt daemon: {HostDaemon.Find().Start} (without systemd, as root: virtlogd -d; {HostDaemon.Find().Unit} -d). Where there is none: apt-get install libvirt-daemon-system.";

    /// <summary>The daemon that the one for QEMU could not connect to: virtnetworkd for networks, virtlogd for consoles; null: it was something else.</summary>
    private static string? OtherDaemon(LibvirtError error) => OtherSocket().Match(error.Message) is { Success: true } match ? match.Groups["unit"].Value : null;

    private static string StartOther(string unit) => $"Start this daemon of libvirt, which the one for VMs needs here: systemctl enable --now {unit}.socket.";

    [GeneratedRegex("socket to '[^']*/(?<unit>virt[a-z]{1,20}d)-sock'")]
    private static partial Regex OtherSocket();

    private static string TryByHand(string uri) => $"Try it as the runner's user: virsh -c '{uri}' version.";
}
