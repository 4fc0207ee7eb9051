using System.Text;
using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.Observing;

/// <summary>The text that node_exporter's textfile collector reads: Prometheus' text format, version 0.0.4.</summary>
public static class Exposition
{
    public static string Write(MetricTotals totals, HostFacts facts)
    {
        var values = Gauges(facts).Concat(totals.Totals.Concat(facts.StandbyTotals).Select(pair => (Series: pair.Key, pair.Value))).ToLookup(value => NameOf(value.Series));
        var text = new StringBuilder();
        foreach (var metric in MetricName.All)
        {
            var names = metric.Type == "histogram" ? (string[])[$"{metric.Name}_bucket", $"{metric.Name}_sum", $"{metric.Name}_count"] : [metric.Name];
            var found = names.SelectMany(name => values[name]).OrderBy(value => Order(value.Series)).ToList();
            if (found.Count > 0)
            {
                text.Append("# HELP ").Append(metric.Name).Append(' ').Append(metric.Help).Append('\n')
                    .Append("# TYPE ").Append(metric.Name).Append(' ').Append(metric.Type).Append('\n');
                found.ForEach(value => text.Append(value.Series).Append(' ').Append(Series.Number(value.Value)).Append('\n'));
            }
        }

        return text.ToString();
    }

    private static IEnumerable<(string Series, double Value)> Gauges(HostFacts facts)
    {
        yield return (Series.Of(MetricName.Info.Name, ("version", facts.Driver)), 1);
        yield return (MetricName.Read.Name, Seconds(facts.Now));
        yield return (MetricName.Libvirt.Name, facts.Vms is null ? 0 : 1);
        yield return (MetricName.Drained.Name, facts.IsDrained ? 1 : 0);
        if (facts.Vms is { } vms)
        {
            yield return (Series.Of(MetricName.Vms.Name, ("state", "starting")), vms.Starting);
            yield return (Series.Of(MetricName.Vms.Name, ("state", "running")), vms.Running);
            yield return (Series.Of(MetricName.Vms.Name, ("state", "kept")), vms.Kept);
            yield return (Series.Of(MetricName.Vms.Name, ("state", "standby")), vms.Standby);
            yield return (MetricName.Leftovers.Name, vms.Leftovers);
            yield return (MetricName.MemoryDeclared.Name, vms.DeclaredBytes);
            yield return (MetricName.MemoryReserved.Name, vms.ReservedBytes);
            yield return (MetricName.MemoryTaken.Name, vms.TakenBytes);
            yield return (MetricName.MemoryFree.Name, facts.Host.MemoryAvailableBytes - vms.OutstandingBytes - facts.Limits.MemoryHeadroom.Bytes);
        }

        if (facts.Limits.MaxVms is { } most)
        {
            yield return (MetricName.VmLimit.Name, most);
        }

        yield return (MetricName.OverlayBytes.Name, facts.OverlayBytes);
        foreach (var value in facts.Images.SelectMany(Of).Concat(facts.Standby.SelectMany(Of)).Concat(facts.ProjectDisks.SelectMany(Of)))
        {
            yield return value;
        }

        yield return (MetricName.MemoryTotal.Name, facts.Host.MemoryTotalBytes);
        yield return (MetricName.MemoryAvailable.Name, facts.Host.MemoryAvailableBytes);
        if (facts.Host is { DiskTotalBytes: { } total, DiskFreeBytes: { } free })
        {
            yield return (MetricName.DiskTotal.Name, total);
            yield return (MetricName.DiskFree.Name, free);
        }

        if (facts.Limits.Reserve == ReserveMode.Learned)
        {
            yield return (MetricName.MemoryWatermark.Name, facts.Limits.MemoryWatermark.Bytes);
        }

        yield return (MetricName.DiskHeadroom.Name, facts.Limits.DiskHeadroom.Bytes);
        yield return (MetricName.DiskWatermark.Name, facts.Limits.DiskWatermark.Bytes);
    }

    private static IEnumerable<(string Series, double Value)> Of(ImageFacts image)
    {
        (string, string) label = ("image", image.Name);
        yield return (Series.Of(MetricName.ImageBytes.Name, label), image.Bytes);
        yield return (Series.Of(MetricName.TemplateBytes.Name, label), image.TemplateBytes);
        yield return (Series.Of(MetricName.Generations.Name, label), image.Generations);
        yield return (Series.Of(MetricName.Templates.Name, label), image.Templates);
        if (image.Published is { } published)
        {
            yield return (Series.Of(MetricName.Published.Name, label), Seconds(published));
        }

        if (image.Current is { } current)
        {
            yield return (Series.Of(MetricName.Generation.Name, label, ("generation", current.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("digest", image.Digest ?? "")), 1);
        }

        if (image.Failure is { } failure)
        {
            yield return (Series.Of(MetricName.PublishFailed.Name, label, ("code", failure.Code), ("digest", failure.Digest ?? "")), 1);
        }

        if (image.OldestTemplate is { } made)
        {
            yield return (Series.Of(MetricName.TemplateMade.Name, label), Seconds(made));
        }
    }

    private static IEnumerable<(string Series, double Value)> Of(StandbyFacts standby)
    {
        (string, string) label = ("image", standby.Image);
        yield return (Series.Of(MetricName.StandbyWanted.Name, label), standby.Wanted);
        yield return (Series.Of(MetricName.StandbyThere.Name, label), standby.There);
        yield return (Series.Of(MetricName.StandbyPaused.Name, label), standby.IsPaused ? 1 : 0);
    }

    private static IEnumerable<(string Series, double Value)> Of(ProjectDiskFacts disks)
    {
        (string, string) label = ("image", disks.Image);
        yield return (Series.Of(MetricName.DiskCount.Name, label), disks.Count);
        yield return (Series.Of(MetricName.ProjectDiskBytes.Name, label), disks.Bytes);
        yield return (Series.Of(MetricName.ProjectDiskUsed.Name, label), Seconds(disks.OldestUse));
    }

    private static double Seconds(DateTimeOffset time) => Math.Round(time.ToUnixTimeMilliseconds() / 1000.0, 3);

    private static string NameOf(string series) => series.Split('{')[0];

    /// <summary>A histogram's buckets come in the order of their limits, which is not that of their letters.</summary>
    private static (string, double, string) Order(string series)
    {
        const string Limit = "le=\"";
        var at = series.IndexOf(Limit, StringComparison.Ordinal);
        if (at < 0)
        {
            return (NameOf(series), 0, series);
        }

        var word = series[(at + Limit.Length)..].Split('"')[0];
        return (
            series[..at],
            double.TryParse(word, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var limit) ? limit : double.PositiveInfinity,
            series);
    }
}
