using VmExecutor.Host.Files;

namespace VmExecutor.Host.Hypervisor;

/// <summary>
/// The log of the program that makes a clone's emulated TPM. libvirt only names the file ("Could not run '/usr/bin/swtpm_setup'. exitstatus: 1; Check error log
/// '…' for details", qemu_tpm.c), and the file is removed with the clone before an administrator can read it.
/// </summary>
internal static class TpmLog
{
    // Most failures of libvirt, such as a domain that is not there, name no file: nothing else is looked at then.
    private const string Suffix = "-swtpm.log";
    private const int TailBytes = 16 * 1024;
    private const int MostLines = 3;
    private const int LongestLine = 300;

    // swtpm_setup.c and swtpm_localca.c: what they say of steps that succeed, and of themselves.
    private static readonly string[] Progress = ["Starting vTPM", "Ending vTPM", "Successfully", "Invoking", "Creating "];

    /// <summary>The reasons in the log that a message of libvirt names, on one line; null if it names no log of a TPM, or the log may not be read.</summary>
    public static string? ReasonBehind(string message, string uri) =>
        message.Contains(Suffix, StringComparison.Ordinal) && LibvirtDirectories.For(uri) is { } directories ? ReasonBehind(message, directories) : null;

    internal static string? ReasonBehind(string message, LibvirtDirectories directories)
    {
        var path = message.Split('\'').FirstOrDefault(part => part.EndsWith(Suffix, StringComparison.Ordinal));
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
