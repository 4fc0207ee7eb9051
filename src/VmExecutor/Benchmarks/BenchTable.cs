using System.Globalization;
using Spectre.Console;
using VmExecutor.Core.Benchmarks;

namespace VmExecutor.Benchmarks;

/// <summary>A bench's report for people: one column for each kind of start, medians with the least and the most.</summary>
internal static class BenchTable
{
    private const int WideEnough = 240;
    private const double Mebibyte = 1 << 20;

    public static void Print(BenchReport report, TextWriter output)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = WideEnough;
        }

        output.WriteLine(
            $"image '{report.Image}'{(report.Generation is { } number ? $" (generation {number})" : "")}: {report.Pairs} pair{(report.Pairs == 1 ? "" : "s")}, "
            + $"{report.Concurrency} clone{(report.Concurrency == 1 ? "" : "s")} at once; median (least..most)");
        console.Write(Table(report));
        if (report.WarmIsFasterBy is { } factor)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"A warm start is {factor:0.0#} times faster than a cold one."));
        }

        report.Remarks.ToList().ForEach(remark => output.WriteLine($"Note: {remark}"));
    }

    private static Table Table(BenchReport report)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("");
        foreach (var start in report.Starts)
        {
            table.AddColumn(new TableColumn(start.Start).RightAligned().NoWrap());
        }

        foreach (var phase in Summary.Order(report.Starts.Select(start => start.Phases.Select(phase => phase.Name))))
        {
            Row($"  {phase} (s)", start => start.Phases.FirstOrDefault(one => one.Name == phase)?.Seconds, Seconds);
        }

        Row("prepare, whole (s)", start => start.PrepareSeconds, Seconds);
        Row("sub-stage, empty script (s)", start => start.ScriptSeconds, Seconds);
        Row("cleanup (s)", start => start.CleanupSeconds, Seconds);
        Row("memory of QEMU, PSS (MiB)", start => start.PssBytes, Mebibytes);
        Row("guest memory of its own (MiB)", start => start.OwnGuestMemoryBytes, Mebibytes);
        Row("disk (MiB)", start => start.DiskBytes, Mebibytes);
        return table;

        void Row(string name, Func<Summary, Spread?> spread, Func<Spread, string> text) =>
            table.AddRow([new Text(name), .. report.Starts.Select(start => new Text(spread(start) is { } known ? text(known) : "-"))]);
    }

    private static string Seconds(Spread spread) =>
        string.Create(CultureInfo.InvariantCulture, $"{spread.Median:0.00} ({spread.Min:0.00}..{spread.Max:0.00})");

    private static string Mebibytes(Spread spread) => string.Create(
        CultureInfo.InvariantCulture, $"{spread.Median / Mebibyte:0.0} ({spread.Min / Mebibyte:0.0}..{spread.Max / Mebibyte:0.0})");
}
