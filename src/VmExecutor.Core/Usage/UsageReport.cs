using VmExecutor.Core.Observing;

namespace VmExecutor.Core.Usage;

/// <summary>The use of all jobs of a time, from the ledger.</summary>
/// <param name="Since">The beginning of the time.</param>
/// <param name="Jobs">By runs, the most first.</param>
/// <param name="Others">
/// The runs of jobs beyond the first <see cref="Most"/>, together; null: there are no more. An author may give each job another name.
/// </param>
public sealed record UsageReport(DateTimeOffset Since, IReadOnlyList<UsageSummary> Jobs, UsageSummary? Others)
{
    /// <summary>The number of jobs that are told apart.</summary>
    public const int Most = 10_000;

    private static readonly UsageGroup OfOthers = new(null, null, null);

    /// <param name="entries">The ledger.</param>
    /// <param name="filter">The lines that count.</param>
    /// <param name="most">As <see cref="Most"/>.</param>
    public static UsageReport Of(IEnumerable<LedgerEntry> entries, UsageFilter filter, int most = Most)
    {
        var jobs = new Dictionary<UsageGroup, UsageSummary>();
        UsageSummary? others = null;
        foreach (var entry in entries.Where(filter.Counts))
        {
            var group = new UsageGroup(entry.Project, entry.JobName, entry.Image);
            if (jobs.TryGetValue(group, out var summary) || jobs.Count < most)
            {
                jobs[group] = Add(summary ?? new UsageSummary(group), entry);
            }
            else
            {
                others = Add(others ?? new UsageSummary(OfOthers), entry);
            }
        }

        return new UsageReport(
            filter.Since,
            [
                .. jobs.Values.OrderByDescending(job => job.Runs).ThenBy(job => job.Group.Project, StringComparer.Ordinal)
                    .ThenBy(job => job.Group.JobName, StringComparer.Ordinal).ThenBy(job => job.Group.Image, StringComparer.Ordinal),
            ],
            others);
    }

    private static UsageSummary Add(UsageSummary summary, LedgerEntry entry)
    {
        var waited = entry.Prepare.TryGetValue("capacity", out var seconds) ? Math.Max(0, seconds) : (double?)null;
        var cpu = Math.Max(0, entry.CpuSeconds ?? 0);
        return summary with
        {
            Runs = summary.Runs + 1,
            Failures = summary.Failures + (FailureClass.Of(entry) is "none" or "canceled" ? 0 : 1),
            Standby = summary.Standby + (entry is { Ready: not null, Start: "standby" } ? 1 : 0),
            Warm = summary.Warm + (entry is { Ready: not null, Start: "warm" } ? 1 : 0),
            Cold = summary.Cold + (entry is { Ready: not null, Start: not ("standby" or "warm") } ? 1 : 0),
            Waits = summary.Waits + (waited is null ? 0 : 1),
            WaitSeconds = summary.WaitSeconds + (waited ?? 0),
            LongestWaitSeconds = Math.Max(summary.LongestWaitSeconds, waited ?? 0),
            MemoryBytes = Larger(summary.MemoryBytes, entry.MemoryBytes),
            GuestPeakBytes = Larger(summary.GuestPeakBytes, entry.GuestPeakBytes),
            HostMemoryBytes = Larger(summary.HostMemoryBytes, entry.HostMemoryBytes),
            CpuSeconds = summary.CpuSeconds + cpu,
            MostCpuSeconds = Math.Max(summary.MostCpuSeconds, cpu),
            DiskBytes = Larger(summary.DiskBytes, entry.DiskBytes),
            EgressRefused = Sum(summary.EgressRefused, entry.Egress is { Watches: false } egress ? egress.RefusedTimes : 0),
        };
    }

    private static long? Larger(long? one, long? other) => other is { } known ? Math.Max(Math.Max(0, known), one ?? 0) : one;

    private static long Sum(long one, long other) => other > long.MaxValue - one ? long.MaxValue : one + other;
}
