using System.Globalization;
using Spectre.Console;
using VmExecutor.Reports;

namespace VmExecutor.Trials;

/// <summary>The table at the end of a trial: how long each part took.</summary>
internal sealed class TrialTimes(TimeProvider time)
{
    private readonly List<(string Part, TimeSpan Duration, int ExitCode)> _parts = [];

    public async Task<int> MeasureAsync(string part, Func<Task<int>> run)
    {
        var started = time.GetTimestamp();
        var exitCode = await run();
        _parts.Add((part, time.GetElapsedTime(started), exitCode));
        return exitCode;
    }

    public void Print(TextWriter output)
    {
        var console = ReportConsole.On(output);
        var table = new Table().Border(TableBorder.Simple).AddColumn("part").AddColumn(new TableColumn("seconds").RightAligned()).AddColumn("result");
        foreach (var (part, duration, exitCode) in _parts)
        {
            table.AddRow(part, Seconds(duration), exitCode == 0 ? "ok" : string.Create(CultureInfo.InvariantCulture, $"exit code {exitCode}"));
        }

        table.AddRow("total", Seconds(_parts.Aggregate(TimeSpan.Zero, (sum, entry) => sum + entry.Duration)), string.Empty);
        console.Write(table);
    }

    private static string Seconds(TimeSpan duration) => duration.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture);
}
