using System.Globalization;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Live;
using VmExecutor.Observing;

namespace VmExecutor.Reports;

/// <summary>The table of <c>top</c>.</summary>
internal static class TopTable
{
    private const int LeastKey = 12;
    private const int LeastName = 5;

    private static readonly IReadOnlyList<ReportColumn> Columns =
    [
        .. new[] { "job", "project", "image", "doing" }.Select(name => ReportColumn.OfNames(name) with { Least = name == "job" ? LeastKey : LeastName }),
        .. ReportColumn.OfNumbers("age", "cpu", "memory", "of", "disk"),
    ];

    /// <summary>Those that are left out first on a narrow terminal.</summary>
    private static readonly IReadOnlyList<string> LeftOut = ["image", "of", "disk", "project", "memory"];

    /// <summary>Once, as wide as it needs to be in a pipe.</summary>
    public static void Print(TopView view, TextWriter output, TextWriter error)
    {
        Lines(view, ReportTable.Width).ToList().ForEach(output.WriteLine);
        view.Remarks.ToList().ForEach(remark => error.WriteLine($"warning: {PlainText.OneLine(remark, 1000)}"));
    }

    /// <summary>Lines without colours, each at most so wide.</summary>
    public static IReadOnlyList<string> Lines(TopView view, int width) =>
        [.. CellText.Wrap(Head(view), width), "", .. view.Rows.Count == 0 ? ["no jobs"] : Table(view, width).Lines(width)];

    /// <summary><c>3 jobs run, 1 starts, 2 wait; VMs: 1.8 processors, 812MiB of 6GiB reserved; host: 14GiB of 24GiB memory and 80GiB disk free</c>.</summary>
    internal static string Head(TopView view) => string.Create(
        CultureInfo.InvariantCulture,
        $"{view.Count("running") + view.Count("idle")} running, {view.Count("starting")} starting, {view.Count("waiting")} waiting; VMs: {view.Processors:0.0} processors, {RoughSize.Of(view.MemoryBytes)} of memory, {RoughSize.Of(view.ReservedBytes)} reserved; "
        + $"host: {RoughSize.Of(view.Host.MemoryAvailableBytes)} of {RoughSize.Of(view.Host.MemoryTotalBytes)} available{(view.Host.DiskFreeBytes is { } free ? $", {RoughSize.Of(free)} of disk free" : "")}");

    /// <summary>The VM's memory, and before it the part that is kept for it where that is less.</summary>
    private static string Of(ClaimRecord claim) => claim.LearnedBytes is { } kept ? $"{RoughSize.Of(kept)} / {RoughSize.Of(claim.MemoryBytes)}" : RoughSize.Of(claim.MemoryBytes);

    /// <summary>A line for each job: where the terminal has no room for all, names and words are cut, and then the columns that people miss least are left out.</summary>
    private static ReportTable Table(TopView view, int width)
    {
        IReadOnlyList<string?[]> rows = [.. view.Rows.Select(Cells)];
        var tables = LeftOut.Select((_, count) => Table(rows, [.. LeftOut.Take(count)])).Append(Table(rows, LeftOut)).ToList();
        return tables.Find(table => table.Fits(width)) ?? tables[^1];
    }

    private static ReportTable Table(IReadOnlyList<string?[]> rows, IReadOnlyList<string> leftOut)
    {
        var columns = Columns.Index().Where(column => !leftOut.Contains(column.Item.Name)).ToList();
        var table = new ReportTable([.. columns.Select(column => column.Item)]);
        rows.ToList().ForEach(row => table.Add([.. columns.Select(column => row[column.Index])]));
        return table;
    }

    private static string?[] Cells(TopRow row)
    {
        var (job, share) = row;
        var listed = job.Job;
        string?[] cells =
        [
            listed.Service is { } service ? $"  service {PlainText.OneLine(service, 80)}" : listed.Job.Value, listed.Project is { } project ? PlainText.OneLine(project, 200) : null, listed.Image,
            listed.Service is null ? PlainText.OneLine(job.Activity.Words, 300) : null,
            JobListTable.Short(listed.Age), share is { } part ? string.Create(CultureInfo.InvariantCulture, $"{part * 100:0} %") : null,
            listed.Usage?.MemoryBytes is { } memory ? RoughSize.Of(memory) : null, job.Claim is { } claim ? Of(claim) : null, listed.DiskBytes is { } disk ? RoughSize.Of(disk) : null,
        ];
        return cells;
    }
}
