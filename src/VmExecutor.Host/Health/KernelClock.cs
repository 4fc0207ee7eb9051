using System.Runtime.InteropServices;

namespace VmExecutor.Host.Health;

/// <summary>
/// Tells whether a time service keeps the host's clock: chrony, ntpd and systemd-timesyncd all tell the kernel (adjtimex(2)), which says
/// "unsynchronised" by itself when none has for long.
/// </summary>
public static class KernelClock
{
    // struct timex on 64-bit kernels: modes, then three longs and two, then status. Modes 0 only asks.
    private const int Size = 208;
    private const int StatusOffset = 40;
    private const int Unsynchronised = 0x0040; // STA_UNSYNC, linux/timex.h

    /// <summary>Null: the kernel does not say.</summary>
    public static bool? IsSynchronised()
    {
        Span<byte> buffer = stackalloc byte[Size];
        buffer.Clear();
        return Libc.AdjustClock(ref MemoryMarshal.GetReference(buffer)) < 0 ? null : (MemoryMarshal.Read<int>(buffer[StatusOffset..]) & Unsynchronised) == 0;
    }
}
