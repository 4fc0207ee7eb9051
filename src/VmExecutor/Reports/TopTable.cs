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
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No });
        console.Profile.Width = width;
        console.Profile.Capabilities.Unicode = true;
        console.Write(new Text(Head(view)));
        console.WriteLine();
        console.Write(view.Rows.Count == 0 ? new Text("no jobs") : Table(view));
        return [.. text.ToString().Split('\n').Select(line => line.TrimEnd())];
    }

    /// <summary><c>3 jobs run, 1 starts, 2 wait; VMs: 1.8 processors, 812MiB of 6GiB reserved; host: 14GiB of 24GiB memory and 80GiB disk free</c>.</summary>
    internal static string Head(TopView view) => string.Create(
        CultureInfo.InvariantCulture,
        $"{view.Count("running") + view.Count("idle")} running, {view.Count("starting")} starting, {view.Count("waiting")} waiting; VMs: {view.Processors:0.0} processors, {RoughSize.Of(view.MemoryBytes)} of memory, {RoughSize.Of(view.ReservedBytes)} reserved; "
        + $"host: {RoughSize.Of(view.Host.MemoryAvailableBytes)} of {RoughSize.Of(view.Host.MemoryTotalBytes)} available{(view.Host.DiskFreeBytes is { } free ? $", {RoughSize.Of(free)} of disk free" : "")}");

    /// <summary>The VM's memory, and before it the part that is kept for it where that is less.</summary>
    private static string Of(ClaimRecord claim) => claim.LearnedBytes is { } kept ? $"{RoughSize.Of(kept)} / {RoughSize.Of(claim.MemoryBytes)}" : RoughSize.Of(claim.MemoryBytes);

    private static Table Table(TopView view)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("job").AddColumn("project").AddColumn("image").AddColumn("doing");
        foreach (var number in (string[])["age", "cpu", "memory", "of", "disk"])
        {
            table.AddColumn(new TableColumn(number).RightAligned().NoWrap());
        }

        foreach (var (job, share) in view.Rows)
        {
            var listed = job.Job;
            string?[] cells =
            [
                listed.Service is { } service ? $"  service {PlainText.OneLine(service, 80)}" : listed.Job.Value, listed.Project is { } project ? PlainText.OneLine(project, 200) : null, listed.Image,
                listed.Service is null ? PlainText.OneLine(job.Activity.Words, 300) : null,
                JobListTable.Short(listed.Age), share is { } part ? string.Create(CultureInfo.InvariantCulture, $"{part * 100:0} %") : null,
                listed.Usage?.MemoryBytes is { } memory ? RoughSize.Of(memory) : null, job.Claim is { } claim ? Of(claim) : null, listed.DiskBytes is { } disk ? RoughSize.Of(disk) : null,
            ];
            table.AddRow([.. cells.Select(cell => new Text(cell ?? "-"))]);
        }

        return table;
    }
}
