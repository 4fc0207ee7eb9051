using System.Globalization;
using VmExecutor.Core.Leftovers;
using VmExecutor.Core.Values;
using VmExecutor.Host.Leftovers;

namespace VmExecutor.Reports;

/// <summary><c>list</c> for people.</summary>
internal static class JobListTable
{
    public static void Print(JobList list, TextWriter output, TextWriter error)
    {
        if (list.Jobs.Count == 0)
        {
            output.WriteLine("nothing");
        }
        else
        {
            Table(list).Print(output);
        }

        if (list.Drained is { } drained)
        {
            error.WriteLine($"this host takes no jobs: it was drained {drained.Words}; '{DriverVersion.Name} undrain' ends that");
        }

        foreach (var remark in list.Remarks)
        {
            error.WriteLine($"warning: {remark}");
        }
    }

    private static ReportTable Table(JobList list)
    {
        var table = new ReportTable(
        [
            ReportColumn.OfKey("job"), ReportColumn.OfNames("project"), ReportColumn.OfNames("image"), ReportColumn.OfKey("start"),
            .. ReportColumn.OfNumbers("age", "cpu", "memory", "disk", "expires in"), ReportColumn.OfWords("state"),
        ]);
        foreach (var job in list.Jobs)
        {
            table.Add(
                job.Service is { } service ? $"  service {PlainText.OneLine(service, 80)}" : job.Job.Value, job.Project, job.Image, job.Start,
                Short(job.Age), Short(job.Usage?.CpuTime), Short(job.Usage?.MemoryBytes), Short(job.DiskBytes), Short(job.ExpiresIn),
                job.Leftover is { } reason ? $"LEFT: {LeftoverText.Describe(reason)}" : job.Doubt is { } doubt ? $"UNCLEAR: {doubt}" : job.IsKept ? "kept" : job.IsStandby ? $"standby{(Short(job.Waited) is { } waited ? $" for {waited}" : "")}" : job.HasDomain ? "in use" : "in use, without a VM");
        }

        return table;
    }

    internal static string? Short(TimeSpan? duration) => duration switch
    {
        null => null,
        { Ticks: < 0 } => "over",
        { TotalHours: >= 1 } long_ => string.Create(CultureInfo.InvariantCulture, $"{(int)long_.TotalHours}h{long_.Minutes:00}m"),
        { TotalMinutes: >= 1 } some => string.Create(CultureInfo.InvariantCulture, $"{some.Minutes}m{some.Seconds:00}s"),
        { } moment => string.Create(CultureInfo.InvariantCulture, $"{moment.TotalSeconds:0.0}s"),
    };

    private static string? Short(long? bytes) =>
        bytes is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known / 1048576.0:0.0} MiB") : null;
}
