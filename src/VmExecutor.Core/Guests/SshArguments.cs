using System.Globalization;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Guests;

/// <summary>
/// Argument lists for the OpenSSH client, each complete in itself: no configuration file, agent or forwarding of the host's user plays a
/// part. ssh runs in the job's directory and all names of files there are relative, since a unix socket's path has 108 bytes at most.
/// </summary>
public static class SshArguments
{
    public static readonly string ControlSocket = JobFiles.ControlSocket.Name;

    /// <summary>The socket of a connection whose guest has not yet proved to be the job's; no script is sent over it.</summary>
    public static readonly string UnprovenSocket = JobFiles.UnprovenSocket.Name;
    public static readonly string KnownHostsFile = JobFiles.KnownHosts.Name;
    public static readonly string Log = JobFiles.SshLog.Name;

    /// <summary>Makes a client use the kept connection: without it, the client has no way to the guest.</summary>
    private static readonly string[] Joining = ["ControlMaster=no", "ProxyCommand=false"];

    /// <summary>Begins the option that names the job in every ssh of ours.</summary>
    public const string HostKeyAliasOption = "HostKeyAlias=";

    /// <summary>Opens the kept connection and goes to the background once authenticated.</summary>
    /// <param name="access">The guest's address and login.</param>
    /// <param name="firstContact">No key is pinned yet: take the one the guest shows, this once.</param>
    public static IReadOnlyList<string> Open(GuestAccess access, bool firstContact) =>
    [
        "-f", "-N", "-M", "-E", access.Log,
        .. Common(access),
        .. Options("LogLevel=INFO"),
        .. Options(Trust(access, firstContact ? "StrictHostKeyChecking=accept-new" : "StrictHostKeyChecking=yes")),
        .. Options(
            // The cheapest for an emulated processor among the strong ones come first; the rest stays allowed.
            "KexAlgorithms=^curve25519-sha256",
            "Ciphers=^aes128-gcm@openssh.com",
            "Compression=no",
            "IPQoS=none",
            // QEMU's user network repeats a lost first packet after 6 and 18 s; elsewhere a new connection is the better repetition.
            access.Address.IsForwarded ? "ConnectTimeout=30" : "ConnectTimeout=15",
            // A guest that says nothing for a minute is lost; a busy emulated one may well be mute for many seconds.
            "ServerAliveInterval=15",
            "ServerAliveCountMax=4"),
        .. access.Idle is { } idle ? Options(string.Create(CultureInfo.InvariantCulture, $"ControlPersist={(int)idle.TotalSeconds}")) : [],
        "--", access.Address.Host,
    ];

    /// <summary>Runs a command line over the kept connection, and never over one of its own.</summary>
    public static IReadOnlyList<string> Run(GuestAccess access, string commandLine) =>
        [.. Common(access), .. Options("LogLevel=ERROR"), .. Options(Joining), "--", access.Address.Host, commandLine];

    /// <summary>As <see cref="Run"/>, in a session with a terminal in which <c>~</c> begins a command to ssh. Of an option, ssh takes what it meets first.</summary>
    public static IReadOnlyList<string> RunWithEscapes(GuestAccess access, string commandLine) =>
        [.. Options("RequestTTY=force", "EscapeChar=~"), .. Run(access, commandLine)];

    /// <summary>
    /// Runs a command line over a connection of its own. The guest on its other end has the pinned host key and has not proved more, so only a text
    /// that does nothing in another guest is sent like this.
    /// </summary>
    public static IReadOnlyList<string> RunAlone(GuestAccess access, string commandLine) =>
    [
        .. Common(access with { Socket = "none" }), .. Options("LogLevel=ERROR", "ConnectTimeout=15"), .. Options(Trust(access, "StrictHostKeyChecking=yes")),
        "--", access.Address.Host, commandLine,
    ];

    /// <summary>
    /// Lets a person in over a connection whose guest has proved that it is the job's, and never over another. What the person's terminal needs is as in
    /// any ssh; what the guest could reach on the host is not there.
    /// </summary>
    /// <param name="access">The guest, with the socket of that connection.</param>
    /// <param name="terminal">Whether the guest's side gets a terminal.</param>
    /// <param name="commandLine">Null: the login shell.</param>
    public static IReadOnlyList<string> Enter(GuestAccess access, bool terminal, string? commandLine) =>
    [
        terminal ? "-t" : "-T", .. Route(access),
        .. Options(HostKeyAlias(access.Domain), "ForwardAgent=no", "ForwardX11=no", "ClearAllForwardings=yes", "BatchMode=yes", "LogLevel=ERROR"),
        .. Options(Joining),
        "--", access.Address.Host, .. commandLine is null ? [] : new[] { commandLine },
    ];

    /// <summary>The option that is in the argument list of every ssh of this job, and of no other.</summary>
    public static string HostKeyAlias(DomainName domain) => $"{HostKeyAliasOption}{domain}";

    private static IEnumerable<string> Common(GuestAccess access) =>
    [
        .. Route(access),
        // The alias also marks each ssh process of this job for the search for leftovers.
        .. Options(HostKeyAlias(access.Domain), "BatchMode=yes", "ForwardAgent=no", "ForwardX11=no", "ClearAllForwardings=yes", "RequestTTY=no", "EscapeChar=none"),
    ];

    private static IEnumerable<string> Route(GuestAccess access) =>
    [
        "-F", "/dev/null", "-S", access.Socket, "-l", access.User.Value, "-p", access.Address.Port.ToString(CultureInfo.InvariantCulture),
    ];

    /// <summary>The host keys that are believed, and the one key that ssh shows to the guest.</summary>
    private static string[] Trust(GuestAccess access, string checking) =>
    [
        checking,
        $"HostKeyAlgorithms={HostKeyAlgorithms(access)}",
        $"UserKnownHostsFile={KnownHostsFile}",
        "GlobalKnownHostsFile=/dev/null",
        "CheckHostIP=no",
        "UpdateHostKeys=no",
        "HashKnownHosts=no",
        $"IdentityFile={Quote(access.Key.Value)}",
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        "AddKeysToAgent=no",
        "PreferredAuthentications=publickey",
        "PasswordAuthentication=no",
        "KbdInteractiveAuthentication=no",
        "GSSAPIAuthentication=no",
    ];

    private static IEnumerable<string> Options(params string[] options) => options.SelectMany(option => (string[])["-o", option]);

    /// <summary>One word of ssh_config(5), in which a percent sign would begin a token and a backslash takes a quote for itself.</summary>
    private static string Quote(string path) =>
        $"\"{path.Replace("%", "%%", StringComparison.Ordinal).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static string HostKeyAlgorithms(GuestAccess access) =>
        access.HostKeys.Count == 0
            ? "^ssh-ed25519"
            : string.Join(',', access.HostKeys.SelectMany(key => key.Algorithms).Distinct());
}
