using VmExecutor.Core.Capacity;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Capacity;

/// <summary>
/// Reads the limits of the control groups that VMs run in: that of the container around this host, which is the top of what it sees, and that of <c>machine.slice</c>, into which libvirt puts its VMs.
/// </summary>
public static class CgroupReader
{
    private const string Root = "/sys/fs/cgroup";

    /// <summary>By version of the control groups: directory of the memory controller, limit, present use.</summary>
    private static readonly (string Directory, string Limit, string Current)[] Versions = [("", "memory.max", "memory.current"), ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes")];

    /// <summary>The tightest limit; null: there is none.</summary>
    /// <param name="root">Where control groups are mounted.</param>
    public static CgroupMemory? Read(string root = Root)
    {
        var found =
            (from version in Versions
             from slice in (string[])["", "machine.slice"]
             let directory = Path.Combine(root, version.Directory, slice)
             let limit = TryRead(Path.Combine(directory, version.Limit))
             where limit is not null
             let memory = CgroupMemory.Of(limit, TryRead(Path.Combine(directory, version.Current)), TryRead(Path.Combine(directory, "memory.stat")))
             where memory is not null
             select memory).ToList();
        return found.Count == 0 ? null : new CgroupMemory(found.Min(memory => memory.LimitBytes), found.Min(memory => memory.AvailableBytes));
    }

    /// <summary>Most of them are missing on a host, and each look for room reads them: a look at the name costs less than a refused opening.</summary>
    private static string? TryRead(string file) => HostFile.Look(file) == Presence.Missing ? null : HostFile.TryReadAllText(file);
}
