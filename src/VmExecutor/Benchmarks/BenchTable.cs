using System.Globalization;
using VmExecutor.Core.Benchmarks;
using VmExecutor.Core.Values;
using VmExecutor.Reports;

namespace VmExecutor.Benchmarks;

/// <summary>A bench's report for people: one column for each kind of start, medians with the least and the most.</summary>
internal static class BenchTable
{
    private const double Mebibyte = 1 << 20;

    public static void Print(BenchReport report, TextWriter output)
    {
        output.WriteLine(
            $"image '{report.Image}'{(report.Generation is { } number ? $" (generation {number})" : "")}: {Quantity.Of(report.Pairs, "pair")}, "
            + $"{Quantity.Of(report.Concurrency, "clone")} at once; median (least..most)");
        Table(report).Print(output);
        if (report.WarmIsFasterBy is { } factor)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"A warm start is {factor:0.0#} times faster than a cold one."));
        }

        if (report.StandbyIsFasterBy is { } more)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"A start from standby is {more:0.0#} times faster than a {(report.WarmIsFasterBy is null ? "cold" : "warm")} one."));
        }

        if (report.Floor is { } floor)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"prepare takes {string.Join(", ", report.Starts.Select(start => $"{start.Start} {start.PrepareSeconds.Median / floor.SshTrue.Median:0.0#} times"))} one 'ssh true' over the same connection."));
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"A whole job that does nothing takes {string.Join(", ", report.Starts.Where(start => start.JobSeconds is not null).Select(start => Times(start, floor)))} its floor."));
        }

        report.Remarks.ToList().ForEach(remark => output.WriteLine($"Note: {remark}"));
    }

    private static ReportTable Table(BenchReport report)
    {
        var table = new ReportTable(
            [ReportColumn.OfWords("part"), .. report.Starts.Select(start => ReportColumn.OfNumber(start.Start)), .. report.Floor is null ? (ReportColumn[])[] : [ReportColumn.OfNumber("floor")]]);
        foreach (var phase in Summary.Order(report.Starts.Select(start => start.Phases.Select(phase => phase.Name))))
        {
            Row($"  {phase} (s)", start => start.Phases.FirstOrDefault(one => one.Name == phase)?.Seconds, Seconds);
        }

        Row("config (s)", start => start.ConfigSeconds, Seconds);
        Row("prepare, whole (s)", start => start.PrepareSeconds, Seconds, report.Floor?.SshTrue);
        Row("sub-stage, empty script (s)", start => start.ScriptSeconds, Seconds, report.Floor?.SshShell);
        if (report.Starts.Any(start => start.UnmountSeconds is not null))
        {
            Row("  unmount (s)", start => start.UnmountSeconds, Seconds);
            Row("  promote (s)", start => start.PromoteSeconds, Seconds);
        }

        Row("cleanup (s)", start => start.CleanupSeconds, Seconds, report.Floor?.Destroy);
        Row("whole job that does nothing (s)", start => start.JobSeconds, Seconds, report.Floor?.Job);
        Row("memory of QEMU, PSS (MiB)", start => start.PssBytes, Mebibytes);
        Row("guest memory of its own (MiB)", start => start.OwnGuestMemoryBytes, Mebibytes);
        Row("disk (MiB)", start => start.DiskBytes, Mebibytes);
        return table;

        void Row(string name, Func<Summary, Spread?> spread, Func<Spread, string> text, Spread? floor = null)
        {
            IEnumerable<Spread?> cells = [.. report.Starts.Select(spread), .. report.Floor is null ? Array.Empty<Spread?>() : [floor]];
            table.Add([name, .. cells.Select(cell => cell is { } known ? text(known) : null)]);
        }
    }

    private static string Times(Summary start, Floor floor) => string.Create(CultureInfo.InvariantCulture, $"{start.Start} {start.JobSeconds?.Median / floor.Job.Median:0.0#} times");

    private static string Seconds(Spread spread) =>
        string.Create(CultureInfo.InvariantCulture, $"{spread.Median:0.00} ({spread.Min:0.00}..{spread.Max:0.00})");

    private static string Mebibytes(Spread spread) => string.Create(
        CultureInfo.InvariantCulture, $"{spread.Median / Mebibyte:0.0} ({spread.Min / Mebibyte:0.0}..{spread.Max / Mebibyte:0.0})");
}
