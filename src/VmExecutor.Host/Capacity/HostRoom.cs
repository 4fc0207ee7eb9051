using VmExecutor.Core.Capacity;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Diagnosis;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Capacity;

/// <summary>Measures the memory and disk that this host has and has left.</summary>
public static class HostRoom
{
    private const string MemoryFile = "/proc/meminfo";

    /// <summary>All memory but what the kernel took for itself (proc(5)).</summary>
    private const string Total = "MemTotal";

    /// <summary>The memory that programs can still get without swapping (proc(5)).</summary>
    private const string Available = "MemAvailable";

    /// <param name="stateDir">The directory whose file system is meant.</param>
    /// <exception cref="HostFileException">The kernel does not say (no /proc).</exception>
    public static HostResources Read(AbsolutePath stateDir)
    {
        var memory = ReadMemory();
        var disk = TryReadDisk(stateDir);
        var group = CgroupReader.Read();
        return new HostResources(
            Math.Min(PressureText.Memory(memory, Total), group?.LimitBytes ?? long.MaxValue),
            Math.Min(PressureText.Memory(memory, Available), group?.AvailableBytes ?? long.MaxValue),
            disk?.Total,
            disk?.Free);
    }

    /// <summary>The memory that programs can still get, in bytes.</summary>
    /// <exception cref="HostFileException">The kernel does not say (no /proc).</exception>
    public static long AvailableMemory() => Math.Min(PressureText.Memory(ReadMemory(), Available), CgroupReader.Read()?.AvailableBytes ?? long.MaxValue);

    /// <summary>One VM's share of this host, which is what the size <c>auto</c> means; null: nothing says among how many it is divided.</summary>
    /// <exception cref="SystemFailureException">The kernel does not say how much memory there is.</exception>
    public static HostShare? Share(LimitSettings limits) => Share(limits, ReadMemory(), CgroupReader.Read());

    internal static HostShare? Share(LimitSettings limits, IReadOnlyList<string> meminfo, CgroupMemory? group = null)
    {
        var memory = new ByteSize(Math.Min(PressureText.Memory(meminfo, Total), group?.LimitBytes ?? long.MaxValue));
        return memory.Bytes > 0 ? HostShare.Of(Environment.ProcessorCount, memory, limits) : throw new SystemFailureException(
            ErrorCodes.HostFileFailed,
            $"the host's memory is not in {MemoryFile}: there is no line {Total}",
            "Mount /proc, or write sizes instead of 'auto' into the images' files.");
    }

    /// <summary>
    /// Room that ordinary users may still write to on the file system of a path, in bytes (statvfs(3), f_bavail); null: the file system
    /// does not say.
    /// </summary>
    public static long? FreeDisk(AbsolutePath path) => TryReadDisk(path)?.Free;

    private static IReadOnlyList<string> ReadMemory()
    {
        try
        {
            return HostFile.ReadLines(MemoryFile);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{MemoryFile} cannot be read", e);
        }
    }

    private static (long Total, long Free)? TryReadDisk(AbsolutePath path)
    {
        try
        {
            // Any path will do, not only a mount point.
            var (free, size) = HostDirectory.Room(path.Value);

            // File systems that have no limit of their own (ramfs, some of FUSE) fill in zeros (simple_statfs in fs/libfs.c).
            return size == 0 ? null : (size, free);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
    }
}
