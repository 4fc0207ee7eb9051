using System.Globalization;
using VmExecutor.Core.Capacity;

namespace VmExecutor.Core.Jobs;

/// <summary>The resources of the host that a job's VM has used so far; null: not known.</summary>
/// <param name="Memory">What of its memory the guest has touched; a guest hardly ever gives any back.</param>
/// <param name="CpuTime">Of its QEMU, emulation and devices included.</param>
/// <param name="DiskBytes">The size of its overlays.</param>
public sealed record JobUsage(GuestMemoryUse? Memory, TimeSpan? CpuTime, long? DiskBytes)
{
    /// <summary><c>The VM used at most 212MiB of its 256MiB of memory and 3.4 s of CPU time, and wrote 52MiB to its disk</c>; null: nothing is known.</summary>
    public string? ToSentence()
    {
        string[] parts =
        [
            .. Memory is { } memory ? [$"at most {RoughSize.Of(memory.UsedBytes)} of its {RoughSize.Of(memory.AllBytes)} of memory"] : Array.Empty<string>(),
            .. CpuTime is { } cpu ? [string.Create(CultureInfo.InvariantCulture, $"{cpu.TotalSeconds:0.0} s of CPU time")] : Array.Empty<string>(),
        ];
        var used = parts.Length == 0 ? null : $"used {string.Join(" and ", parts)}";
        var wrote = DiskBytes is { } disk ? $"wrote {RoughSize.Of(disk)} to its disk" : null;
        return (used, wrote) switch
        {
            (null, null) => null,
            ({ }, { }) => $"The VM {used}, and {wrote}",
            _ => $"The VM {used ?? wrote}",
        };
    }
}

/// <summary>A guest's own memory, without what QEMU takes beside it.</summary>
public readonly record struct GuestMemoryUse(long UsedBytes, long AllBytes)
{
    /// <summary>The use of a guest's memory, computed from its QEMU.</summary>
    /// <param name="touched">Of the guest's memory; null: it may not be looked at.</param>
    /// <param name="peakOfQemu">The most that the whole process had at once; null: not known.</param>
    /// <param name="all">The guest's memory; null: not known.</param>
    /// <returns>Null: too little is known. The process takes more than its guest, so it is an upper bound, and the guest's memory is another.</returns>
    public static GuestMemoryUse? Of(long? touched, long? peakOfQemu, long? all) =>
        all is { } bytes && (touched ?? peakOfQemu) is { } used ? new GuestMemoryUse(Math.Min(used, bytes), bytes) : null;
}
