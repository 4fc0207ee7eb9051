using System.Runtime.InteropServices;
using VmExecutor.Core.Jobs;

namespace VmExecutor.Host.Processes;

/// <summary>Which host and boot this is, and how long it has been up, by the kernel.</summary>
public static partial class HostClock
{
    private const int BootTime = 7; // CLOCK_BOOTTIME: like CLOCK_MONOTONIC, but goes on while the host sleeps (clock_gettime(2))

    public static HostMoment Now() => new(Environment.MachineName, ReadBootId(), ReadProcessNamespace(), SinceBoot());

    /// <summary>Another one after each start of the host (random(4)).</summary>
    public static string ReadBootId() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    private static string ReadProcessNamespace() => new FileInfo("/proc/self/ns/pid").LinkTarget ?? "unknown";

    /// <summary>The same clock for all processes of a boot, which nobody can set.</summary>
    public static TimeSpan SinceBoot()
    {
        _ = GetTime(BootTime, out var time);
        return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromTicks(time.Nanoseconds / TimeSpan.NanosecondsPerTick);
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out TimeSpec time);

    /// <summary>time.h, struct timespec of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
