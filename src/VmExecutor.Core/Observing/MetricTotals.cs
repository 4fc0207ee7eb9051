using System.Text.Json;
using System.Text.Json.Serialization;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Observing;

/// <summary>
/// Everything that was ever counted, and how far the ledger was read for it: <c>metrics.json</c>. Both are one document, written as a whole, so a line counts
/// once whatever is killed; and what was counted stays when the ledger's files go.
/// </summary>
public sealed record MetricTotals
{
    /// <summary>The version of the format. Numbers of another version mean something else, and are not continued.</summary>
    public const int CurrentVersion = 1;

    public required int Version { get; init; }

    /// <summary>By which the file that was read last is known under any name; null: none was.</summary>
    public string? File { get; init; }

    /// <summary>The number of its bytes that are counted.</summary>
    public long Offset { get; init; }

    /// <summary>By series.</summary>
    public SortedDictionary<string, double> Totals { get => field ??= new(StringComparer.Ordinal); init; }

    public static MetricTotals Empty()
    {
        var totals = new MetricTotals { Version = CurrentVersion };

        // What never happened is 0 and not missing, so that its first time is an increase.
        foreach (var start in (string[])["standby", "warm", "cold"])
        {
            totals.Observe(start, null);
        }

        foreach (var name in (MetricName[])[MetricName.CapacityWaits, MetricName.CapacityWaitSeconds, MetricName.MemoryStops, MetricName.CpuSeconds])
        {
            totals.Add(name.Name, 0);
        }

        return totals;
    }

    public string ToJson() => JsonSerializer.Serialize(this, MetricTotalsContext.Default.MetricTotals);

    /// <summary>Null: damaged, or of another version.</summary>
    public static MetricTotals? TryParse(string json) =>
        RecordJson.TryParse(json, MetricTotalsContext.Default.MetricTotals) is { Version: CurrentVersion, Offset: >= 0 } totals
            ? totals with { Totals = new SortedDictionary<string, double>(totals.Totals, StringComparer.Ordinal) }
            : null;

    /// <summary>Counts one line of the ledger.</summary>
    public void Count(LedgerEntry entry)
    {
        Add(Series.Of(MetricName.Jobs.Name, ("result", entry.Result), ("class", FailureClass.Of(entry)), ("image", entry.Image ?? "")), 1);
        if (entry.Ready is not null)
        {
            Observe(entry.Start is "warm" or "standby" ? entry.Start : "cold", entry.Prepare.Where(phase => phase.Key != "capacity").Sum(phase => phase.Value));
            if (entry is { Start: not ("warm" or "standby"), ColdReason: { } word })
            {
                Add(Series.Of(MetricName.Fallbacks.Name, ("reason", word), ("image", entry.Image ?? "")), 1);
            }
        }

        if (entry is { Ready: not null, StandbyMiss: { } miss })
        {
            Add(Series.Of(MetricName.StandbyMisses.Name, ("reason", miss), ("image", entry.Image ?? "")), 1);
        }

        if (entry.Prepare.TryGetValue("capacity", out var waited))
        {
            Add(MetricName.CapacityWaits.Name, 1);
            Add(MetricName.CapacityWaitSeconds.Name, waited);
        }

        if (entry.WasShortOfMemory)
        {
            Add(MetricName.MemoryStops.Name, 1);
        }

        if (entry.RemovedBy == "gc")
        {
            Add(Series.Of(MetricName.Collected.Name, ("reason", entry.Reason ?? "")), 1);
        }

        if (entry.ProjectDisk is { } disk)
        {
            Add(Series.Of(MetricName.ProjectDisks.Name, ("found", disk.Version > 0 ? "version" : "empty"), ("left", disk.Promoted is null ? disk.Refused ?? "" : "promoted"), ("image", entry.Image ?? "")), 1);
        }

        AddVm(entry.Image, entry.Egress, entry.CpuSeconds);
        foreach (var service in entry.Services ?? [])
        {
            AddVm(service.Image, service.Egress, service.CpuSeconds);
        }
    }

    private void AddVm(string? image, EgressNotes? egress, double? cpuSeconds)
    {
        if (egress is not null)
        {
            Add(Series.Of(MetricName.EgressRefused.Name, ("image", image ?? ""), ("mode", egress.Watches ? "watch" : "enforce")), egress.Refused.Count);
        }

        Add(MetricName.CpuSeconds.Name, cpuSeconds ?? 0);
    }

    private void Observe(string start, double? seconds) => Totals.Observe(MetricName.Starts, ("start", start), seconds);

    private void Add(string series, double value) => Totals.Increase(series, value);
}

[JsonSourceGenerationOptions(
    Converters = [typeof(RecordTimeSpanConverter), typeof(RecordDateConverter), typeof(RecordNumberConverter)],
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(MetricTotals))]
internal sealed partial class MetricTotalsContext : JsonSerializerContext;
