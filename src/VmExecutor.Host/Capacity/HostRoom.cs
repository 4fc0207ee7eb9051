using System.Globalization;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Capacity;

/// <summary>Measures the memory and disk that this host has and has left.</summary>
public static class HostRoom
{
    /// <param name="stateDir">The directory whose file system is meant.</param>
    /// <exception cref="HostFileException">The kernel does not say (no /proc).</exception>
    public static HostResources Read(AbsolutePath stateDir)
    {
        var memory = ReadMemory();
        var disk = TryReadDisk(stateDir);
        return new HostResources(memory.GetValueOrDefault("MemTotal"), memory.GetValueOrDefault("MemAvailable"), disk?.Total, disk?.Free);
    }

    /// <summary>
    /// Room that ordinary users may still write to on the file system of a path, in bytes (statvfs(3), f_bavail); null: the file system
    /// does not say.
    /// </summary>
    public static long? FreeDisk(AbsolutePath path) => TryReadDisk(path)?.Free;

    private static Dictionary<string, long> ReadMemory()
    {
        try
        {
            // proc(5): "MemTotal:       24683900 kB"
            return HostFile.ReadLines("/proc/meminfo")
                .Select(line => line.Split([':', ' '], StringSplitOptions.RemoveEmptyEntries))
                .Where(words => words is ["MemTotal" or "MemAvailable", _, "kB"])
                .ToDictionary(words => words[0], words => long.Parse(words[1], CultureInfo.InvariantCulture) * 1024, StringComparer.Ordinal);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException("/proc/meminfo cannot be read", e);
        }
    }

    private static (long Total, long Free)? TryReadDisk(AbsolutePath path)
    {
        try
        {
            // Any path will do, not only a mount point.
            var (free, size) = HostDirectory.Room(path.Value);
            return (size, free);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
    }
}
