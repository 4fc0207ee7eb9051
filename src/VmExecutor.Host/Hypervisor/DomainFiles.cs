using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Hypervisor;

/// <summary>
/// What libvirt leaves of a domain for ever: logs by its name (QEMU's, and swtpm's where it has a TPM), and the state of its TPM where libvirt or the host went
/// down with it. A job's name and UUID never come again, so these files go with the job.
/// </summary>
internal static class DomainFiles
{
    /// <summary>All of a clone that is gone. Does nothing for remote hosts.</summary>
    public static void Remove(string uri, JobKey key)
    {
        RemoveLogs(uri, key.Domain);
        if (LibvirtDirectories.For(uri) is { } directories)
        {
            HostDirectory.TryDelete(Path.Combine(directories.TpmStates, key.Uuid.ToString("D")));
        }
    }

    /// <summary>The logs of a domain that is gone. What the runner's user may not remove stays: libvirt's files are not of the job's making.</summary>
    public static void RemoveLogs(string uri, DomainName domain)
    {
        if (LibvirtDirectories.For(uri) is { } directories)
        {
            HostFile.TryDelete(Path.Combine(directories.Logs, $"{domain}.log"));
            HostFile.TryDelete(Path.Combine(directories.TpmLogs, $"{domain}-swtpm.log"));
        }
    }
}
