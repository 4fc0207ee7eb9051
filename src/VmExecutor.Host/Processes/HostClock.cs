using VmExecutor.Core.Jobs;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Processes;

/// <summary>Tells the host, its boot and the time since boot, by the kernel.</summary>
public static class HostClock
{
    private const int BootTime = 7; // CLOCK_BOOTTIME: like CLOCK_MONOTONIC, but goes on while the host sleeps (clock_gettime(2))

    private const int MachineIdLength = 32;

    public static HostMoment Now() => new(Environment.MachineName, ReadBootId(), ReadProcessNamespace(), SinceBoot(), ReadMachineId());

    /// <summary>Another one after each start of the host (random(4)).</summary>
    public static string ReadBootId() => HostFile.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>Null: there is none, as in many containers, or none yet (<c>uninitialized</c>).</summary>
    private static string? ReadMachineId()
    {
        try
        {
            var id = HostFile.ReadAllText("/etc/machine-id").Trim();
            return id.Length == MachineIdLength && id.All(char.IsAsciiHexDigit) && id.Any(digit => digit != '0') ? id : null;
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
    }

    private static string ReadProcessNamespace() => HostFile.LinkTarget("/proc/self/ns/pid") ?? "unknown";

    /// <summary>The clock of all processes of a boot. It cannot be set.</summary>
    public static TimeSpan SinceBoot()
    {
        _ = Libc.GetTime(BootTime, out var time);
        return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromTicks(time.Nanoseconds / TimeSpan.NanosecondsPerTick);
    }
}
