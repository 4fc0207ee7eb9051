using VmExecutor.Core.Diagnosis;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Capacity;

/// <summary>Asks the kernel for the load of the host; facts that it does not tell are left out.</summary>
public static class PressureReader
{
    /// <param name="stateDir">The directory whose file system is meant; null: no file system is looked at, since one may hang.</param>
    public static HostPressure Read(AbsolutePath? stateDir)
    {
        var meminfo = TryRead("/proc/meminfo").Split('\n');
        return new HostPressure
        {
            Cpus = Environment.ProcessorCount,
            Load = PressureText.Load(TryRead("/proc/loadavg")),
            MemoryTotalBytes = PressureText.Memory(meminfo, "MemTotal"),
            MemoryAvailableBytes = PressureText.Memory(meminfo, "MemAvailable"),
            SwapTotalBytes = PressureText.Memory(meminfo, "SwapTotal"),
            SwapFreeBytes = PressureText.Memory(meminfo, "SwapFree"),
            MemoryStalled = PressureText.SomeOfTenSeconds(TryRead("/proc/pressure/memory")),
            CpuStalled = PressureText.SomeOfTenSeconds(TryRead("/proc/pressure/cpu")),
            DiskStalled = PressureText.SomeOfTenSeconds(TryRead("/proc/pressure/io")),
            DiskFreeBytes = stateDir is null ? null : HostRoom.FreeDisk(stateDir),
        };
    }

    private static string TryRead(string file)
    {
        try
        {
            return HostFile.ReadAllText(file);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return "";
        }
    }
}
