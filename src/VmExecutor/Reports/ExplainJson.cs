using VmExecutor.Core.Clones.Parts;
using VmExecutor.Explaining;

namespace VmExecutor.Reports;

/// <summary><c>image explain --json</c>. No key and none of its words is ever renamed.</summary>
internal static class ExplainJson
{
    public static string Write(Explanation explanation) => JsonText.Write(json =>
    {
        json.WriteString("source", explanation.Source);
        json.WriteString("clone_for", explanation.Purpose == ClonePurpose.Job ? "job" : "person");
        json.WriteBoolean("can_be_cloned", explanation.Failure is null);
        json.WriteStartArray("parts");
        foreach (var finding in explanation.Findings)
        {
            json.WriteStartObject();
            json.WriteString("path", finding.Path);
            json.WriteString("part", finding.Part);
            json.WriteString("becomes", PartWords.Id(finding.Treatment));
            json.WriteString("why", finding.Why);
            json.WriteBoolean("note", finding.IsNote);
            json.WriteString("allow_parts", finding.AllowKey);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteTexts("remarks", explanation.Remarks);
        json.WriteString("error_code", explanation.Failure?.Code.ToString());
        json.WriteString("error", explanation.Failure?.Message);
        json.WriteString("what_to_do", explanation.Failure?.Hint);
    });
}
