using Spectre.Console;
using VmExecutor.Core.Health;
using VmExecutor.Core.Values;
using VmExecutor.Health;

namespace VmExecutor.Reports;

/// <summary><c>doctor</c> for people: grouped by topic, each fix right below its finding.</summary>
internal static class HealthReport
{
    private const int LongestText = 1500;

    // A command must stay on one line to be copied; the terminal wraps it.
    private const int NeverWrap = 100_000;

    /// <summary>The longest word of a check, so that what was found stands in a column.</summary>
    private static readonly int Column = Checks.All.Max(check => check.Id.Length) + 2;

    public static void Print(HealthFindings diagnosis, TextWriter output)
    {
        var ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect;
        var console = ReportConsole.On(output, ansi);
        console.Profile.Width = NeverWrap;
        foreach (var topic in diagnosis.Findings.GroupBy(finding => finding.Check.Topic))
        {
            console.MarkupLine($"[bold]{StatusText.Name(topic.Key)}[/]");
            foreach (var finding in topic)
            {
                Print(finding, console);
            }
        }

        console.WriteLine();
        console.MarkupLine(
            $"{diagnosis.Count(CheckStatus.Ok)} ok, {Quantity.Of(diagnosis.Count(CheckStatus.Warning), "warning")}, {Quantity.Of(diagnosis.Count(CheckStatus.Problem), "problem")}, {diagnosis.Count(CheckStatus.Skipped)} skipped");
    }

    private static void Print(Finding finding, IAnsiConsole console)
    {
        var (symbol, colour) = Mark(finding.Status);
        var word = Console.IsOutputRedirected ? StatusText.Name(finding.Status).PadRight("skipped".Length) : symbol;
        console.MarkupLine($"  [{colour}]{word}[/] {finding.Check.Id.PadRight(Column)}{Clean(finding.Found)}");
        if (finding.Fix is { } fix)
        {
            console.MarkupLine($"      fix: {Clean(fix)}");
        }

        if (finding.Status is CheckStatus.Warning or CheckStatus.Problem)
        {
            console.MarkupLine($"      see: {ShippedFiles.Page(finding.Check.Link)}");
        }
    }

    private static (string Symbol, string Colour) Mark(CheckStatus status) => status switch
    {
        CheckStatus.Ok => ("✔", "green"),
        CheckStatus.Skipped => ("–", "grey"),
        CheckStatus.Warning => ("!", "yellow"),
        _ => ("✘", "red"),
    };

    /// <summary>Texts quote files, tools and libvirt.</summary>
    private static string Clean(string text) => Markup.Escape(PlainText.OneLine(text, LongestText));
}
