using System.Globalization;
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
        var table = new ReportTable(ReportColumn.OfWords("part"), ReportColumn.OfNumber("seconds"), ReportColumn.OfWords("result"));
        foreach (var (part, duration, exitCode) in _parts)
        {
            table.Add(part, Seconds(duration), exitCode == 0 ? "ok" : string.Create(CultureInfo.InvariantCulture, $"exit code {exitCode}"));
        }

        table.Add("total", Seconds(_parts.Aggregate(TimeSpan.Zero, (sum, entry) => sum + entry.Duration)), string.Empty);
        table.Print(output);
    }

    private static string Seconds(TimeSpan duration) => duration.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture);
}
