using VmExecutor.Core.Jobs;
using VmExecutor.Core.Observing;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Host.Clones;

namespace VmExecutor.Host.Observing;

/// <summary>Makes a line of the ledger from a removal.</summary>
public static class LedgerEntries
{
    /// <param name="key">The clone: the job's own, or the standby clone that it took.</param>
    /// <param name="removal">The parts that were removed.</param>
    /// <param name="removedBy">Who removed it: <c>cleanup</c>, <c>prepare</c>, <c>gc</c>.</param>
    /// <param name="result">The result of the job.</param>
    /// <param name="reason">Why, where there is more to say.</param>
    /// <param name="now">The time now.</param>
    public static LedgerEntry Of(JobKey key, Removal removal, string removedBy, string result, string? reason, DateTimeOffset now) => new()
    {
        Job = removal.Record?.Stamp.Job ?? key.Value,
        JobName = removal.Record?.JobName,
        Project = removal.Record?.Stamp.Project,
        Image = removal.Record?.Stamp.Image,
        Generation = removal.Record?.Stamp.Generation,
        Start = removal.Record?.Start,
        ColdReason = removal.Record?.ColdReason,
        StandbyMiss = removal.Record?.StandbyMiss,
        StandbySeconds = removal.Record is { Standby: { } standby, IsStandby: false } taken ? Math.Round(standby.AgeAt(taken.Stamp.Made).TotalSeconds, 1) : null,
        StandbyMadeAs = removal.Record is { Standby: { MadeAs: var madeAs }, IsStandby: false } ? madeAs : null,
        Result = result,
        Reason = reason,
        RemovedBy = removedBy,
        Created = removal.Record?.Stamp.Created,
        Ready = removal.Record?.Ready,
        Removed = now,
        Prepare = removal.Record?.Phases ?? new Dictionary<string, double>(),
        Scripts = removal.Scripts,
        CleanupSeconds = Math.Round(removal.Duration.TotalSeconds, 3),
        MemoryBytes = removal.Record?.Claim?.MemoryBytes,
        ReservedBytes = removal.Record?.Claim?.LearnedBytes,
        Cpus = removal.Record?.Claim?.Cpus,
        GuestPeakBytes = removal.Scripts.Max(script => script.GuestPeakBytes),
        HostMemoryBytes = removal.HostMemoryBytes,
        CpuSeconds = Seconds(removal.CpuTime),
        PeakMemoryBytes = removal.PeakMemoryBytes,
        DiskBytes = removal.DiskBytes,
        Egress = removal.Egress,
        ProjectDisk = removal.ProjectDisk ?? ProjectDiskNote.Of(removal.Record?.ProjectDisk),
        Services =
        [
            .. removal.Record?.RemovedServices ?? [],
            .. OfServices(removal.Services),
        ],
        Made = [.. removal.Record?.Ready is null ? [] : new[] { $"domain {key.Domain}" }, .. removal.Overlays.Select(name => $"overlay {name}")],
        RemovedParts = removal.Parts,
    };

    /// <summary>The services of a job that were VMs; those of which nothing is known are left out.</summary>
    public static IEnumerable<LedgerService> OfServices(IEnumerable<(JobKey Key, Removal Removal)> removed) =>
        removed.Where(service => service.Removal.Record is not null).Select(service => new LedgerService(service.Key.Domain.Value)
        {
            Image = service.Removal.Record?.Stamp.Image,
            Start = service.Removal.Record?.Start,
            MemoryBytes = service.Removal.Record?.Claim?.MemoryBytes,
            Cpus = service.Removal.Record?.Claim?.Cpus,
            HostMemoryBytes = service.Removal.HostMemoryBytes,
            CpuSeconds = Seconds(service.Removal.CpuTime),
            PeakMemoryBytes = service.Removal.PeakMemoryBytes,
            DiskBytes = service.Removal.DiskBytes,
            Egress = service.Removal.Egress,
        });

    private static double? Seconds(TimeSpan? time) => time is { } given ? Math.Round(given.TotalSeconds, 2) : null;
}
