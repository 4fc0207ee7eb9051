using System.Net.Sockets;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Libvirt;

/// <summary>
/// A user's own libvirt, which libvirt's client starts when it is not there: a command that must start nothing looks here first.
/// </summary>
public static class SessionDaemon
{
    // https://libvirt.org/daemons.html#socket-paths: the modular daemon's socket, then the monolithic one's.
    private static readonly string[] Sockets = ["virtqemud-sock", "libvirt-sock"];

    /// <summary>True: a connection would start a daemon.</summary>
    /// <param name="uri">Of the connection.</param>
    /// <param name="environment">The process's environment, as data.</param>
    public static bool WouldBeStarted(string uri, IReadOnlyDictionary<string, string> environment) =>
        Uri.TryCreate(uri, UriKind.Absolute, out var parsed)
        && parsed is { AbsolutePath: "/session", Query: "" } && !LibvirtUri.IsRemote(uri)
        && !Sockets.Select(name => Directory(environment)?.Child(name)).OfType<AbsolutePath>().Any(Answers);

    /// <summary>A socket that the session of this process's user cannot make, since its path is too long; null: none.</summary>
    public static SessionSocket? TooLong(string uri) => SessionSocket.TooLong(
        uri,
        SessionSocket.Variables.ToDictionary(name => name, name => Environment.GetEnvironmentVariable(name) ?? ""),
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
        HostDaemon.Find());

    /// <summary>XDG_RUNTIME_DIR/libvirt, else as GLib has it (g_get_user_runtime_dir) below the user's cache.</summary>
    private static AbsolutePath? Directory(IReadOnlyDictionary<string, string> environment) =>
        AbsolutePath.TryParse(environment.GetValueOrDefault("XDG_RUNTIME_DIR"), out var runtime) ? runtime.Child("libvirt")
        : AbsolutePath.TryParse(environment.GetValueOrDefault("XDG_CACHE_HOME"), out var cache) ? cache.Child("libvirt")
        : AbsolutePath.TryParse(environment.GetValueOrDefault("HOME"), out var home) ? home.Child(".cache").Child("libvirt")
        : null;

    private static bool Answers(AbsolutePath path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path.Value));
            return true;
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            // No daemon listens, or the path is too long for a socket.
            return false;
        }
    }
}
