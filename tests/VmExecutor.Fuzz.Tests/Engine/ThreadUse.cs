using System.Runtime.InteropServices;

namespace VmExecutor.Fuzz.Tests.Engine;

/// <summary>The processor time and memory that this thread has used. Other threads and a busy machine do not count.</summary>
internal static partial class ThreadUse
{
    private const int ThreadCpuTime = 3; // CLOCK_THREAD_CPUTIME_ID, clock_gettime(2)

    public static (TimeSpan Processor, long Allocated) Now()
    {
        _ = GetTime(ThreadCpuTime, out var time);
        return (new TimeSpan((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / 100)), GC.GetAllocatedBytesForCurrentThread());
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out UnixTime time);

    [StructLayout(LayoutKind.Sequential)]
    private struct UnixTime
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
