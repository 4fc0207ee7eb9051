using System.Globalization;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Jobs;

/// <summary>The resources of the host that a job's VM has used so far; null: not known.</summary>
/// <param name="Memory">What of its memory the guest said it used at its most; or else what it has touched, page cache included: a guest hardly ever gives any back.</param>
/// <param name="CpuTime">Of its QEMU, emulation and devices included.</param>
/// <param name="DiskBytes">The size of its overlays.</param>
public sealed record JobUsage(GuestMemoryUse? Memory, TimeSpan? CpuTime, long? DiskBytes)
{
    /// <summary>True: <see cref="Memory"/> is what the guest itself said.</summary>
    public bool IsMemoryByGuest { get; init; }

    /// <summary>The number of times that its egress policy refused it something.</summary>
    public long Refused { get; init; }

    /// <summary>
    /// <c>The VM used at most 212MiB of its 256MiB of memory and 3.4 s of CPU time, wrote 52MiB to its disk, and was refused 7 times by its egress policy</c>; null: nothing is known.
    /// </summary>
    public string? ToSentence()
    {
        string[] used =
        [
            .. Memory is { } memory ? [$"at most {RoughSize.Of(memory.UsedBytes)} of its {RoughSize.Of(memory.AllBytes)} of memory"] : Array.Empty<string>(),
            .. CpuTime is { } cpu ? [string.Create(CultureInfo.InvariantCulture, $"{cpu.TotalSeconds:0.0} s of CPU time")] : Array.Empty<string>(),
        ];
        string[] parts =
        [
            .. used.Length > 0 ? [$"used {string.Join(" and ", used)}"] : Array.Empty<string>(),
            .. DiskBytes is { } disk ? [$"wrote {RoughSize.Of(disk)} to its disk"] : Array.Empty<string>(),
            .. Refused > 0 ? [string.Create(CultureInfo.InvariantCulture, $"was refused {Quantity.Of(Refused, "time")} by its egress policy")] : Array.Empty<string>(),
        ];
        return parts.Length switch
        {
            0 => null,
            1 => $"The VM {parts[0]}",
            _ => $"The VM {string.Join(", ", parts[..^1])}, and {parts[^1]}",
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
