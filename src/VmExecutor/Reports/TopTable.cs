using System.Globalization;
using Spectre.Console;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Live;
using VmExecutor.Observing;

namespace VmExecutor.Reports;

/// <summary>The table of <c>top</c>.</summary>
internal static class TopTable
{
    private const int WideEnough = 240;

    /// <summary>The columns beside each text of a table with this border.</summary>
    private const int ColumnSpace = 3;
    private const int LeastWords = 5;

    /// <summary>Once, as wide as it needs to be in a pipe.</summary>
    public static void Print(TopView view, TextWriter output, TextWriter error)
    {
        var width = Console.IsOutputRedirected ? WideEnough : TerminalSize.Width;
        Lines(view, width).ToList().ForEach(output.WriteLine);
        view.Remarks.ToList().ForEach(remark => error.WriteLine($"warning: {PlainText.OneLine(remark, 1000)}"));
    }

    /// <summary>Lines without colours, each at most so wide.</summary>
    public static IReadOnlyList<string> Lines(TopView view, int width)
    {
        using var text = new StringWriter();
        var console = ReportConsole.On(text, AnsiSupport.No);
        console.Profile.Width = width;
        console.Profile.Capabilities.Unicode = true;
        console.Write(new Text(Head(view)));
        console.WriteLine();
        console.Write(view.Rows.Count == 0 ? new Text("no jobs") : Table(view, width));
        return [.. text.ToString().Split('\n').Select(line => line.TrimEnd())];
    }

    /// <summary><c>3 jobs run, 1 starts, 2 wait; VMs: 1.8 processors, 812MiB of 6GiB reserved; host: 14GiB of 24GiB memory and 80GiB disk free</c>.</summary>
    internal static string Head(TopView view) => string.Create(
        CultureInfo.InvariantCulture,
        $"{view.Count("running") + view.Count("idle")} running, {view.Count("starting")} starting, {view.Count("waiting")} waiting; VMs: {view.Processors:0.0} processors, {RoughSize.Of(view.MemoryBytes)} of memory, {RoughSize.Of(view.ReservedBytes)} reserved; "
        + $"host: {RoughSize.Of(view.Host.MemoryAvailableBytes)} of {RoughSize.Of(view.Host.MemoryTotalBytes)} available{(view.Host.DiskFreeBytes is { } free ? $", {RoughSize.Of(free)} of disk free" : "")}");

    /// <summary>The VM's memory, and before it the part that is kept for it where that is less.</summary>
    private static string Of(ClaimRecord claim) => claim.LearnedBytes is { } kept ? $"{RoughSize.Of(kept)} / {RoughSize.Of(claim.MemoryBytes)}" : RoughSize.Of(claim.MemoryBytes);

    /// <summary>A line for each job: where the terminal has no room for all, the longest names and words are cut.</summary>
    private static Table Table(TopView view, int width)
    {
        string[] words = ["job", "project", "image", "doing"];
        string[] numbers = ["age", "cpu", "memory", "of", "disk"];
        IReadOnlyList<string[]> rows = [.. view.Rows.Select(Cells)];
        int[] widths = [.. words.Concat(numbers).Select((name, column) => Math.Max(name.Length, rows.Max(row => row[column].GetCellWidth())))];
        for (var over = widths.Sum() + (ColumnSpace * (widths.Length + 1)) - width; over > 0; over--)
        {
            var longest = Enumerable.Range(0, words.Length).MaxBy(column => widths[column]);
            widths[longest] = Math.Max(LeastWords, widths[longest] - 1);
        }

        var table = new Table().Border(TableBorder.Simple);
        words.ToList().ForEach(name => table.AddColumn(name));
        numbers.ToList().ForEach(name => table.AddColumn(new TableColumn(name).RightAligned().NoWrap()));
        foreach (var row in rows)
        {
            table.AddRow([.. row.Select((cell, column) => new Text(CellText.Cut(cell, widths[column])))]);
        }

        return table;
    }

    private static string[] Cells(TopRow row)
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
        return [.. cells.Select(cell => cell ?? "-")];
    }
}
