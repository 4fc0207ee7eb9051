using System.Globalization;
using VmExecutor.Core.Capacity;

namespace VmExecutor.Core.Usage;

/// <summary>The memory of the host that jobs of the last days took.</summary>
/// <param name="MostBytes">The most that the VM of a run alone had.</param>
/// <param name="Runs">The number of runs that were looked at.</param>
/// <param name="Days">The time that was looked at.</param>
public sealed record TakenMemory(long MostBytes, int Runs, int Days)
{
    /// <summary>Fewer runs say too little.</summary>
    private const int FewestRuns = 10;

    /// <returns>Null: too little is known.</returns>
    public static TakenMemory? Of(UsageReport report, int days)
    {
        var measured = report.Jobs.Append(report.Others).OfType<UsageSummary>().Where(job => job.HostMemoryBytes is not null).ToList();
        var runs = measured.Sum(job => job.Runs);
        return runs < FewestRuns ? null : new TakenMemory(measured.Max(job => job.HostMemoryBytes!.Value), runs, days);
    }

    /// <summary>The number of jobs at once by what jobs took.</summary>
    /// <param name="room">The host's memory for VMs, in bytes.</param>
    public long Fit(long room) => Math.Max(0, room) / EnoughSize.OfMemory(MostBytes).Bytes;

    /// <summary>The number of jobs at once by what jobs took, in a sentence without its full stop.</summary>
    /// <param name="room">The host's memory for VMs, in bytes.</param>
    public string Advice(long room) => string.Create(
        CultureInfo.InvariantCulture,
        $"The {Runs} runs of the last {Days} days took {RoughSize.Of(MostBytes)} of this host's memory at most each: with {EnoughSize.Margin} % more for each, {Fit(room)} fit into {RoughSize.Of(room)}");
}
