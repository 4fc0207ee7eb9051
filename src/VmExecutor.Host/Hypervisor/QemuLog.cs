using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Hypervisor;

/// <summary>The log that libvirt keeps per domain name, with all messages of QEMU.</summary>
internal static class QemuLog
{
    private const int TailBytes = 16 * 1024;

    /// <summary>Its last lines; empty for remote hosts, and where the runner's user may not read it (the system's logs are root's).</summary>
    public static IReadOnlyList<string> ReadTail(string uri, DomainName domain)
    {
        if (LibvirtDirectories.For(uri) is not { } directories)
        {
            return [];
        }

        try
        {
            return BoundedText.ReadEndOf(Path.Combine(directories.Logs, $"{domain}.log"), TailBytes).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return [];
        }
    }
}
