using System.Globalization;
using System.Text;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Reporting;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Files;
using VmExecutor.Host.Images;
using VmExecutor.Host.Observing;

namespace VmExecutor.Reports;

/// <summary>The work of <c>report</c>, from the ledger to the page.</summary>
internal sealed class ReportTasks(Invocation invocation, string? configOption)
{
    /// <returns>The page, and the number of jobs in it.</returns>
    /// <exception cref="SystemFailureException">The configuration, the ledger or the host's memory cannot be read.</exception>
    public (string Page, int Jobs) Write(TimeSpan since)
    {
        var settings = invocation.LoadWithoutImages(configOption);
        var now = TimeZoneInfo.ConvertTime(invocation.Time.GetUtcNow(), invocation.Time.LocalTimeZone);
        var time = new ReportTime(now - since, now);
        var tally = new ReportTally(time);
        DateTimeOffset? first = null;
        foreach (var entry in LedgerReader.Read(settings.StateDir))
        {
            first ??= entry.Removed;
            tally.Add(entry);
        }

        var data = tally.ToData();
        var remarks = new List<string>();
        if (first > time.Since && HostFile.Exists(LedgerFile.FilesOf(settings.StateDir)[0].Value))
        {
            remarks.Add(string.Create(CultureInfo.InvariantCulture, $"The ledger only reaches back to {first.Value.ToOffset(now.Offset):yyyy-MM-dd HH:mm}: its older lines are gone, and earlier jobs are missing here."));
        }

        remarks.AddRange(LedgerFile.Overgrown(settings.StateDir).Select(file => $"Of {file} only the beginning and the end are counted: another program has written to it."));
        var host = new ReportHost(
            Environment.MachineName, DriverVersion.Text, HostRoom.Read(settings.StateDir).MemoryTotalBytes, Environment.ProcessorCount, Images(remarks), remarks);
        return (ReportPage.Write(data, host, Guide()), data.Jobs);
    }

    /// <summary>Null: an image's file has an error, or a directory cannot be listed; that is no reason to tell nothing else.</summary>
    private IReadOnlyList<ReportImage>? Images(List<string> remarks)
    {
        try
        {
            var settings = invocation.Load(configOption).Settings;
            return [.. new ImageLister(settings, new Catalogue(settings.StateDir)).List().Select(Image)];
        }
        catch (SystemFailureException e)
        {
            remarks.Add($"The images could not be listed: {e.Message}");
            return null;
        }
    }

    private static ReportImage Image(ListedImage image) => new(
        image.Name.Value,
        ImageReport.State(image),
        image.Current,
        image.CurrentGeneration?.Generation.Record.Published,
        image.Generations.Count,
        image.Generations.Sum(generation => generation.DiskBytes),
        image.Definition is { Warm.Enabled: true } ? image.CurrentGeneration?.Templates.Count ?? 0 : null,
        image.Generations.SelectMany(generation => generation.Templates).Sum(template => template.DiskBytes));

    private static GuideSections Guide()
    {
        using var page = typeof(ReportTasks).Assembly.GetManifestResourceStream("troubleshooting.md");
        if (page is null)
        {
            return GuideSections.None;
        }

        var text = new byte[page.Length];
        page.ReadExactly(text);
        return GuideSections.Read(Encoding.UTF8.GetString(text));
    }
}
