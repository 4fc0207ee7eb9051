using Spectre.Console;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Values;
using VmExecutor.Explaining;

namespace VmExecutor.Reports;

/// <summary><c>image explain</c> for people: a table in the order of the definition, then what is to be done.</summary>
internal static class ExplainReport
{
    private const int LongestText = 300;

    // Lines that a script or a pager reads; a terminal has its own width.
    private const int WideEnough = 240;

    public static void Print(Explanation explanation, TextWriter output)
    {
        var forWhom = explanation.Purpose == ClonePurpose.Job ? "a job's clone" : "a person's clone";
        output.WriteLine($"{PlainText.OneLine(explanation.Source, LongestText)}: in {forWhom}");
        var table = new Table().Border(TableBorder.Simple).AddColumn("part").AddColumn(new TableColumn("is").NoWrap()).AddColumn("why");
        foreach (var finding in explanation.Findings)
        {
            table.AddRow(
                new Text(PlainText.OneLine(finding.Part, LongestText)),
                new Text(PartWords.Of(finding.Treatment), finding.Refusal is null ? Style.Plain : new Style(Color.Red)),
                new Text(PlainText.OneLine(finding.Why, LongestText)));
        }

        var ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect;
        var console = ReportConsole.On(output, ansi);
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = WideEnough;
        }

        console.Write(table);
        foreach (var remark in explanation.Remarks.Concat(PartWords.Notes(explanation.Findings)))
        {
            output.WriteLine($"note: {PlainText.OneLine(remark, LongestText * 2)}");
        }

        if (explanation.Failure is { } failure)
        {
            output.WriteLine($"REFUSED {failure.Code}: {PlainText.Lines(failure.Message)}");
            output.WriteLine($"What to do: {PlainText.Lines(failure.Hint)}");
        }
        else
        {
            output.WriteLine("Clones can be made of it.");
        }
    }
}
