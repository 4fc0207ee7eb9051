using System.Globalization;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Diagnosis;

/// <summary>The load of the host at one moment, as the kernel reports it.</summary>
public sealed record HostPressure
{
    private const double MuchStalled = 20;
    private const double MuchLoad = 4;

    public int Cpus { get; init; } = 1;

    /// <summary>The load average of the last minute (proc(5), loadavg); null: not told.</summary>
    public double? Load { get; init; }

    public long MemoryTotalBytes { get; init; }

    public long MemoryAvailableBytes { get; init; }

    public long SwapTotalBytes { get; init; }

    public long SwapFreeBytes { get; init; }

    /// <summary>Of the last ten seconds, the share in which some process waited for memory, in percent (PSI, memory, some avg10); null: no PSI.</summary>
    public double? MemoryStalled { get; init; }

    /// <summary>The same for processors.</summary>
    public double? CpuStalled { get; init; }

    /// <summary>The same for disks.</summary>
    public double? DiskStalled { get; init; }

    /// <summary>Of the file system of <c>state_dir</c>; null: not told.</summary>
    public long? DiskFreeBytes { get; init; }

    public bool IsShortOfMemory =>
        MemoryStalled >= MuchStalled || (MemoryTotalBytes > 0 && MemoryAvailableBytes < MemoryTotalBytes / 20);

    public bool IsOverloaded => Load > MuchLoad * Cpus;

    public bool IsDiskFull => DiskFreeBytes < 64 << 20;

    /// <summary><c>1.2GiB of 23.5GiB memory available, load 3.2 on 2 CPUs, …</c>.</summary>
    public override string ToString()
    {
        var parts = new List<string> { $"{RoughSize.Of(MemoryAvailableBytes)} of {RoughSize.Of(MemoryTotalBytes)} memory available" };
        if (SwapTotalBytes > SwapFreeBytes)
        {
            parts.Add($"{RoughSize.Of(SwapTotalBytes - SwapFreeBytes)} swapped out");
        }

        if (Load is { } load)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"load {load:0.0} on {Quantity.Of(Cpus, "CPU")}"));
        }

        (string, double?)[] stalls = [("memory", MemoryStalled), ("CPU", CpuStalled), ("disk", DiskStalled)];
        var stalled = stalls.Where(stall => stall.Item2 is not null)
            .Select(stall => string.Create(CultureInfo.InvariantCulture, $"{stall.Item1} {stall.Item2:0} %")).ToList();
        if (stalled.Count > 0)
        {
            parts.Add($"stalled in the last 10 s for {string.Join(", ", stalled)}");
        }

        parts.Add(DiskFreeBytes is { } free ? $"{RoughSize.Of(free)} disk free" : "free disk unknown");
        return string.Join("; ", parts);
    }
}
