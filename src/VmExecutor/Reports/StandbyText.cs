using System.Globalization;
using VmExecutor.Core.Standby;
using VmExecutor.Core.Values;

namespace VmExecutor.Reports;

/// <summary><c>standby</c> for people and for scripts.</summary>
internal static class StandbyText
{
    /// <param name="report">What is to be told.</param>
    /// <param name="width">The most columns of a line.</param>
    public static string Table(StandbyReport report, int width)
    {
        if (report.Lines.Count == 0)
        {
            return "no image wants standby clones ('standby: {count: …}')";
        }

        var table = new ReportTable(
            [ReportColumn.OfNames("image"), ReportColumn.OfWords("size"), .. ReportColumn.OfNumbers("wanted", "there", "waiting for", "made in"), ReportColumn.OfWords("why not all")]);
        foreach (var line in report.Lines)
        {
            table.Add(
                line.Image, line.Size, Text(line.Wanted), Text(line.There), Waiting(line.Waited),
                line.Seconds is { } seconds ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0}s") : null,
                line.There < line.Wanted ? line.Why : null);
        }

        return string.Join('\n', table.Lines(width));
    }

    public static string Json(StandbyReport report) => JsonText.Write(json =>
    {
        json.WriteStartArray("standby");
        foreach (var line in report.Lines)
        {
            json.WriteStartObject();
            json.WriteString("image", line.Image);
            json.WriteNumber("size_number", line.Number);
            json.WriteString("size", line.Size);
            json.WriteNumber("wanted", line.Wanted);
            json.WriteNumber("there", line.There);
            json.WriteString("why", line.There < line.Wanted ? line.Why : null);
            json.WriteNumber("seconds", line.Seconds);
            json.WriteStartArray("waited_seconds");
            foreach (var waited in line.Waited)
            {
                json.WriteNumberValue(Math.Round(waited.TotalSeconds, 3));
            }

            json.WriteEndArray();
            json.WriteNumber("failures_in_a_row", line.Failures?.Count ?? 0);
            json.WriteString("paused_until", line.Failures?.Until?.ToString("O", null));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    /// <summary>The youngest and the oldest of them.</summary>
    private static string? Waiting(IReadOnlyList<TimeSpan> waited) => waited.Count switch
    {
        0 => null,
        1 => Short(waited[0]),
        _ => $"{Short(waited.Min())} to {Short(waited.Max())}",
    };

    private static string Short(TimeSpan waited) => DurationText.Format(TimeSpan.FromSeconds(Math.Floor(waited.TotalSeconds)));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
