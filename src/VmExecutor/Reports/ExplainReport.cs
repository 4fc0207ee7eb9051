using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Values;
using VmExecutor.Explaining;

namespace VmExecutor.Reports;

/// <summary><c>image explain</c> for people: a table in the order of the definition, then what is to be done.</summary>
internal static class ExplainReport
{
    private const int LongestText = 300;

    public static void Print(Explanation explanation, TextWriter output)
    {
        var forWhom = explanation.Purpose == ClonePurpose.Job ? "a job's clone" : "a person's clone";
        output.WriteLine($"{PlainText.OneLine(explanation.Source, LongestText)}: in {forWhom}");
        var table = new ReportTable(ReportColumn.OfNames("part"), ReportColumn.OfKey("is"), ReportColumn.OfWords("why"));
        foreach (var finding in explanation.Findings)
        {
            table.Add(PlainText.OneLine(finding.Part, LongestText), PartWords.Of(finding.Treatment), PlainText.OneLine(finding.Why, LongestText));
        }

        table.Print(output);
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
