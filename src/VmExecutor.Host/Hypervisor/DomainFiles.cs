using System.Globalization;
using System.Text.RegularExpressions;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Hypervisor;

/// <summary>
/// Removes the files that libvirt leaves of a domain for ever: logs by its name (QEMU's, and swtpm's where it has a TPM) with their
/// earlier parts, and the state of its TPM where libvirt or the host went down with it. A job's name and UUID never come again, so these
/// files go with the job.
/// </summary>
internal static partial class DomainFiles
{
    /// <summary>As many are removed by name where the directory cannot be listed; virtlogd keeps 3, if its configuration says nothing else.</summary>
    private const int MostParts = 10;

    /// <summary>All of a clone that is gone. Does nothing for remote hosts.</summary>
    public static void Remove(string uri, JobKey key)
    {
        RemoveLogs(uri, key.Domain);
        if (LibvirtDirectories.For(uri) is { } directories)
        {
            HostDirectory.TryDelete(Path.Combine(directories.TpmStates, key.Uuid.ToString("D")));
        }
    }

    /// <summary>Removes the logs of a domain that is gone. A log that the runner's user may not remove stays.</summary>
    public static void RemoveLogs(string uri, DomainName domain)
    {
        if (LibvirtDirectories.For(uri) is { } directories)
        {
            RemoveLogs(directories, domain);
        }
    }

    internal static void RemoveLogs(LibvirtDirectories directories, DomainName domain)
    {
        RemoveLog(directories.Logs, $"{domain}.log");
        RemoveLog(directories.TpmLogs, $"{domain}-swtpm.log");
    }

    /// <summary>
    /// A log and its earlier parts: virtlogd's are called NAME.log.0 and so on, as many as its max_backups says; logrotate's NAME.log.1, NAME.log.2.gz or
    /// NAME.log-20261127.
    /// </summary>
    private static void RemoveLog(string directory, string name)
    {
        HostFile.TryDelete(Path.Combine(directory, name));
        foreach (var part in Parts(directory, name))
        {
            HostFile.TryDelete(part);
        }
    }

    private static IEnumerable<string> Parts(string directory, string name)
    {
        try
        {
            return !AbsolutePath.TryParse(directory, out var logs) ? [] : HostDirectory.Files(logs)
                .Where(file => file.Name.StartsWith(name, StringComparison.Ordinal) && Part().IsMatch(file.Name[name.Length..])).Select(file => file.Value);
        }
        catch (HostFileException)
        {
            // Not there, or not to be listed: who may not do that may still remove by name (a directory of mode 0733).
            return Enumerable.Range(0, MostParts).Select(number => Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{name}.{number}")));
        }
    }

    [GeneratedRegex(@"^(\.[0-9]+|-[0-9]+)(\.(gz|bz2|xz|zst))?$", RegexOptions.CultureInvariant)]
    private static partial Regex Part();
}
