using System.Globalization;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Usage;
using VmExecutor.Core.Values;
using VmExecutor.Live;

namespace VmExecutor.Reports;

/// <summary><c>usage</c> for people: a row for each job.</summary>
internal static class UsageTable
{
    private const int LongestName = 60;

    public static void Print(UsageReport report, TextWriter output)
    {
        if (report.Jobs.Count == 0)
        {
            output.WriteLine("no job has ended in this time");
            return;
        }

        var table = new ReportTable(
        [
            ReportColumn.OfNames("project"), ReportColumn.OfNames("job"), ReportColumn.OfNames("image"), ReportColumn.OfNumber("runs"), ReportColumn.OfNumber("failed"),
            ReportColumn.OfWords("starts"), ReportColumn.OfWords("waits"), .. ReportColumn.OfNumbers("memory", "on the host", "of", "enough", "cpu", "disk", "enough"),
        ]);

        foreach (var job in report.Jobs)
        {
            Add(table, job, Plain(job.Group.Project), Plain(job.Group.JobName), Plain(job.Group.Image));
        }

        if (report.Others is { } others)
        {
            Add(table, others, "all others", "-", "-");
        }

        table.Print(output);
        CellText.Wrap($"memory, disk: the most of one run; 'memory' is what guests say of themselves. enough: {EnoughSize.Margin} % more than the most. cpu: of a run on average", ReportTable.Width).ToList().ForEach(output.WriteLine);
    }

    private static void Add(ReportTable table, UsageSummary job, string project, string name, string image)
    {
        table.Add(
            project, name, image, Number(job.Runs), Number(job.Failures), Starts(job), Waits(job),
            Size(job.GuestPeakBytes), Size(job.HostMemoryBytes), Size(job.MemoryBytes), Size(job.EnoughMemoryBytes),
            Seconds(job.CpuSeconds / job.Runs), Size(job.DiskBytes), Size(job.EnoughDiskBytes));
    }

    private static string Starts(UsageSummary job)
    {
        (string Name, int Count)[] all = [("standby", job.Standby), ("warm", job.Warm), ("cold", job.Cold)];
        var some = all.Where(start => start.Count > 0).Select(start => $"{Number(start.Count)} {start.Name}").ToList();
        return some.Count == 0 ? "-" : string.Join(", ", some);
    }

    private static string Waits(UsageSummary job) => job.Waits == 0 ? "-" : $"{Number(job.Waits)}, {Seconds(job.LongestWaitSeconds)} at most";

    private static string Plain(string? name) => name is null ? "-" : PlainText.OneLine(name, LongestName);

    private static string Size(long? bytes) => bytes is { } known ? RoughSize.Of(known) : "-";

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Seconds(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s");
}
