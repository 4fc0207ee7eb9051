using VmExecutor.Core.Values;

namespace VmExecutor.Host.Hypervisor;

/// <summary>
/// libvirt keeps a log per domain name for ever. A job's name never comes again, so its log goes with the job
/// (drvqemu: <c>/var/log/libvirt/qemu</c> for the system daemon, <c>~/.cache/libvirt/qemu/log</c> for a session's).
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
            using var log = new FileStream(Path.Combine(directory, $"{domain}.log"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            log.Seek(-Math.Min(TailBytes, log.Length), SeekOrigin.End);
            using var text = new StreamReader(log);
            return text.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
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
                File.Delete(Path.Combine(directory, $"{domain}.log"));
            }
        }
        catch (Exception e) when (e is UnauthorizedAccessException or DirectoryNotFoundException)
        {
            // An ordinary user of qemu:///system: the system's log rotation has it.
        }
    }

    private static string? DirectoryFor(string uri) => uri switch
    {
        _ when uri.StartsWith("qemu:///system", StringComparison.Ordinal) => "/var/log/libvirt/qemu",
        _ when uri.StartsWith("qemu:///session", StringComparison.Ordinal) => Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache/libvirt/qemu/log"),
        _ => null,
    };
}
