using System.Globalization;
using VmExecutor.Core.Capacity;

namespace VmExecutor.Core.Jobs;

/// <summary>What a job's VM has used of the host so far; null: not known.</summary>
/// <param name="PeakMemoryBytes">The most that its QEMU had at once.</param>
/// <param name="CpuTime">Of its QEMU, emulation and devices included.</param>
/// <param name="DiskBytes">What its overlays take.</param>
public sealed record JobUsage(long? PeakMemoryBytes, TimeSpan? CpuTime, long? DiskBytes)
{
    /// <summary><c>The VM used at most 412MiB of memory and 3.4 s of CPU time, and wrote 52MiB to its disk</c>; null: nothing is known.</summary>
    public string? ToSentence()
    {
        string[] parts =
        [
            .. PeakMemoryBytes is { } memory ? [$"at most {RoughSize.Of(memory)} of memory"] : Array.Empty<string>(),
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
