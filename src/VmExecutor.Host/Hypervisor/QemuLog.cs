using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Hypervisor;

/// <summary>
/// libvirt keeps a log per domain name for ever. A job's name never comes again, so its log goes with the job
/// (drvqemu: <c>/var/log/libvirt/qemu</c> for the system daemon, <c>$XDG_CACHE_HOME/libvirt/qemu/log</c>, else <c>~/.cache/libvirt/qemu/log</c>, for a session's).
/// </summary>
internal static class QemuLog
{
    private const int TailBytes = 16 * 1024;

    /// <summary>Its last lines; empty for remote hosts, and where the runner's user may not read it (the system's logs are root's).</summary>
    public static IReadOnlyList<string> ReadTail(string uri, DomainName domain)
    {
        if (DirectoryFor(uri) is not { } directory)
        {
            return [];
        }

        try
        {
            using var log = HostFile.Open(Path.Combine(directory, $"{domain}.log"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            log.Seek(-Math.Min(TailBytes, log.Length), SeekOrigin.End);
            using var text = new StreamReader(log);
            return text.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return [];
        }
    }

    /// <summary>Does nothing for remote hosts, and where the runner's user may not: it is a log, not a leftover of the job's making.</summary>
    public static void Remove(string uri, DomainName domain)
    {
        var directory = DirectoryFor(uri);
        try
        {
            if (directory is not null)
            {
                HostFile.Delete(Path.Combine(directory, $"{domain}.log"));
            }
        }
        catch (HostFileException)
        {
            // An ordinary user of qemu:///system, or a read-only file system: the system's log rotation has it.
        }
    }

    private static string? DirectoryFor(string uri) => DirectoryFor(
        uri, Environment.GetEnvironmentVariable("XDG_CACHE_HOME"), Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));

    /// <summary>Null: the daemon is another machine's, or writes no such log.</summary>
    /// <param name="uri">Also with a transport of this machine: <c>qemu+unix:///session?socket=…</c>.</param>
    /// <param name="cacheHome">XDG_CACHE_HOME; what is empty or no absolute path counts as unset (XDG Base Directory Specification).</param>
    /// <param name="home">The user's home.</param>
    internal static string? DirectoryFor(string uri, string? cacheHome, string home)
    {
        if (!Uri.TryCreate(uri, UriKind.Absolute, out var parsed) || parsed.Host.Length > 0 || parsed.Scheme is not ("qemu" or "qemu+unix"))
        {
            return null;
        }

        return parsed.AbsolutePath switch
        {
            "/system" => "/var/log/libvirt/qemu",
            "/session" => Path.Combine(cacheHome?.StartsWith('/') == true ? cacheHome : Path.Combine(home, ".cache"), "libvirt/qemu/log"),
            _ => null,
        };
    }
}
