using System.Globalization;

namespace VmExecutor.Core.Capacity;

/// <summary>The memory that a control group lets its processes have, as far as the host's own numbers do not show it (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst).</summary>
/// <param name="LimitBytes">The most.</param>
/// <param name="AvailableBytes">What they can still get: less what they have, but with the page cache that the kernel would take back first.</param>
public sealed record CgroupMemory(long LimitBytes, long AvailableBytes)
{
    /// <summary>Version 1 says a number of this size, rounded to pages, where there is no limit (PAGE_COUNTER_MAX).</summary>
    private const long Unlimited = 1L << 60;

    /// <param name="limit">The contents of <c>memory.max</c> or <c>memory.limit_in_bytes</c>.</param>
    /// <param name="current">Of <c>memory.current</c> or <c>memory.usage_in_bytes</c>.</param>
    /// <param name="stat">Of <c>memory.stat</c>.</param>
    /// <returns>Null: there is no limit, or it cannot be read.</returns>
    public static CgroupMemory? Of(string? limit, string? current, string? stat)
    {
        if (Number(limit) is not (>= 0 and < Unlimited and var most) || Number(current) is not { } used)
        {
            return null;
        }

        // Version 1 has the numbers of the group alone, and those with all groups below it as total_…; version 2 has only the latter, without the word.
        var lines = (stat ?? "").Split('\n');
        var cache = Line(lines, "total_inactive_file ") ?? Line(lines, "inactive_file ") ?? 0;
        return new CgroupMemory(most, Math.Clamp(most - used + Math.Clamp(cache, 0, used), 0, most));
    }

    private static long? Line(IEnumerable<string> lines, string name) => lines.Where(line => line.StartsWith(name, StringComparison.Ordinal)).Select(line => Number(line[name.Length..])).FirstOrDefault();

    private static long? Number(string? text) => long.TryParse(text?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
