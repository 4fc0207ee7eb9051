using System.Globalization;
using System.Text;

namespace VmExecutor.Core.Configuration;

/// <summary>A unix socket of a user's own libvirt, whose path begins with a directory of that user.</summary>
/// <param name="Path">Of the socket; a VM's own with an example for the VM's name.</param>
/// <param name="Variable">The environment variable that moves the directory.</param>
public sealed record SessionSocket(string Path, string Variable)
{
    /// <summary>The environment variables that move the directories of a user's libvirt.</summary>
    public static readonly IReadOnlyList<string> Variables = ["XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"];

    // sockaddr_un.sun_path, less the closing NUL (unix(7)).
    private const int LongestPath = 107;

    // libvirt's qemu_process.c: the VM's number since the daemon's start, and 20 characters of its name.
    private const string OfAVm = "libvirt/qemu/lib/domain-100-vmx-0123456789abcdef/monitor.sock";

    /// <summary>The number of bytes that the path has and those that Linux takes.</summary>
    public string Excess => string.Create(CultureInfo.InvariantCulture, $"{Encoding.UTF8.GetByteCount(Path)} bytes, and a unix socket's path has {LongestPath} at most");

    /// <summary>The remedy.</summary>
    public string Fix =>
        $"Set {Variable} to a directory of the runner's user with a shorter path, in the runner's environment (systemctl edit gitlab-runner: Environment={Variable}=/srv/ci); "
        + $"then end that user's libvirt daemon, which keeps the environment that it was started with: \"pgrep -u USER -x '{LibvirtDaemon.AnyProgram}'\" tells its process id for kill.";

    /// <summary>The first socket whose path is too long for Linux; null: none, or the libvirt is not a user's own on this machine.</summary>
    /// <param name="uri">Of the connection.</param>
    /// <param name="environment">The process's environment; what is empty or no absolute path counts as unset (XDG Base Directory Specification).</param>
    /// <param name="home">The user's home.</param>
    /// <param name="daemon">The host's.</param>
    public static SessionSocket? TooLong(string uri, IReadOnlyDictionary<string, string> environment, string home, LibvirtDaemon daemon)
    {
        if (LibvirtUri.IsRemote(uri) || !Uri.TryCreate(uri, UriKind.Absolute, out var parsed) || parsed is not { AbsolutePath: "/session", Query: "" })
        {
            return null;
        }

        // Where there is no XDG_RUNTIME_DIR, GLib takes the cache for it (g_get_user_runtime_dir).
        var runtime = Chosen("XDG_RUNTIME_DIR") ?? Chosen("XDG_CACHE_HOME") ?? $"{home}/.cache";
        var configuration = Chosen("XDG_CONFIG_HOME") ?? $"{home}/.config";
        SessionSocket[] sockets = [new($"{runtime}/libvirt/{daemon.AdminSocket}", "XDG_RUNTIME_DIR"), new($"{configuration}/{OfAVm}", "XDG_CONFIG_HOME")];
        return Array.Find(sockets, socket => Encoding.UTF8.GetByteCount(socket.Path) > LongestPath);

        string? Chosen(string variable) => environment.GetValueOrDefault(variable) is ['/', ..] path ? path.TrimEnd('/') : null;
    }
}
