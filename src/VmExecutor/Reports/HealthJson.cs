using VmExecutor.Core.Health;

namespace VmExecutor.Reports;

/// <summary><c>doctor --json</c>.</summary>
internal static class HealthJson
{
    public static string Write(HealthFindings diagnosis) => JsonText.Write(json =>
    {
        json.WriteString("driver", $"{DriverVersion.Name} {DriverVersion.Text}");
        json.WriteString("status", StatusText.Name(diagnosis.Worst));
        json.WriteNumber("ok", diagnosis.Count(CheckStatus.Ok));
        json.WriteNumber("skipped", diagnosis.Count(CheckStatus.Skipped));
        json.WriteNumber("warnings", diagnosis.Count(CheckStatus.Warning));
        json.WriteNumber("problems", diagnosis.Count(CheckStatus.Problem));
        json.WriteStartArray("findings");
        foreach (var finding in diagnosis.Findings)
        {
            json.WriteStartObject();
            json.WriteString("check", finding.Check.Id);
            json.WriteString("topic", StatusText.Name(finding.Check.Topic));
            json.WriteString("status", StatusText.Name(finding.Status));
            json.WriteString("found", finding.Found);
            json.WriteString("fix", finding.Fix);
            json.WriteString("link", finding.Check.Link);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });
}
