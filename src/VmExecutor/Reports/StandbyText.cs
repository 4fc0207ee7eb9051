using System.Globalization;
using Spectre.Console;
using VmExecutor.Core.Standby;

namespace VmExecutor.Reports;

/// <summary><c>standby</c> for people and for scripts.</summary>
internal static class StandbyText
{
    private const int WideEnough = 240;

    public static string Table(StandbyReport report)
    {
        if (report.Lines.Count == 0)
        {
            return "no image wants standby clones ('standby: {count: …}')";
        }

        var table = new Table().Border(TableBorder.Simple).AddColumn("image").AddColumn("size");
        foreach (var number in (string[])["wanted", "there", "made in"])
        {
            table.AddColumn(new TableColumn(number).RightAligned().NoWrap());
        }

        table.AddColumn("why not all");
        foreach (var line in report.Lines)
        {
            string?[] cells =
            [
                line.Image, line.Size, Text(line.Wanted), Text(line.There),
                line.Seconds is { } seconds ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0}s") : null,
                line.There < line.Wanted ? line.Why : null,
            ];
            table.AddRow([.. cells.Select(cell => new Text(cell ?? "-"))]);
        }

        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No });
        console.Profile.Width = WideEnough;
        console.Write(table);
        return text.ToString().TrimEnd();
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
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
