using VmExecutor.Host.Files;

namespace VmExecutor.Host.Hypervisor;

/// <summary>
/// The log of the programs that make a clone's emulated TPM. libvirt only names the file ("Could not run '/usr/bin/swtpm_setup'. exitstatus: 1; Check error log
/// '…' for details", qemu_tpm.c), or not even that ("swtpm died and reported: "), and the file is removed with the clone before an administrator can read it.
/// </summary>
internal static class TpmLog
{
    // Most failures of libvirt, such as a domain that is not there, name no file: nothing else is looked at then.
    private const string Suffix = "-swtpm.log";
    private const string Died = "swtpm died";
    private const int TailBytes = 16 * 1024;
    private const int MostLines = 3;
    private const int LongestLine = 300;

    // swtpm_setup.c and swtpm_localca.c: what they say of steps that succeed, and of themselves.
    private static readonly string[] Progress = ["Starting vTPM", "Ending vTPM", "Successfully", "Invoking", "Creating "];

    /// <summary>The reasons in the log that a message of libvirt is about, on one line; null if it is about no TPM, or the log may not be read.</summary>
    /// <param name="message">libvirt's.</param>
    /// <param name="uri">Of libvirt.</param>
    /// <param name="domain">The domain that was to be started; null: none was.</param>
    public static string? ReasonBehind(string message, string uri, string? domain) =>
        (message.Contains(Suffix, StringComparison.Ordinal) || message.Contains(Died, StringComparison.Ordinal)) && LibvirtDirectories.For(uri) is { } directories
            ? ReasonBehind(message, directories, domain) : null;

    internal static string? ReasonBehind(string message, LibvirtDirectories directories, string? domain = null)
    {
        var path = message.Split('\'').FirstOrDefault(part => part.EndsWith(Suffix, StringComparison.Ordinal))
            ?? (domain is null || !message.Contains(Died, StringComparison.Ordinal) ? null : Path.Combine(directories.TpmLogs, domain + Suffix));
        if (path is null || Path.GetDirectoryName(path) != directories.TpmLogs)
        {
            return null;
        }

        try
        {
            return Reasons(BoundedText.ReadEndOf(path, TailBytes));
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
    }

    private static string? Reasons(string log)
    {
        var lines = log.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(line => !Progress.Any(start => line.StartsWith(start, StringComparison.Ordinal)))
            .Select(line => line.Length > LongestLine ? line[..LongestLine] + "…" : line)
            .Take(MostLines)
            .ToList();
        return lines.Count == 0 ? null : string.Join("; ", lines);
    }
}
