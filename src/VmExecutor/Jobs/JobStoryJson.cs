using System.Text.Json;
using VmExecutor.Reports;

namespace VmExecutor.Jobs;

/// <summary><c>logs --json</c>: the content of the job's files and of the ledger, unchanged.</summary>
internal static class JobStoryJson
{
    public static string Write(JobStory story) => JsonText.Write(json =>
    {
        json.WriteString("job", story.Key.Value);
        json.WriteString("domain", story.Key.Domain.Value);
        json.WriteString("vm", story.Vm);
        json.WritePropertyName("record");
        if (story.Record is { } record)
        {
            json.WriteRawValue(record.ToJson());
        }
        else
        {
            json.WriteNullValue();
        }

        WriteLines(json, "scripts", story.Scripts.Select(script => script.ToLine()));
        json.WriteString("console", story.Console);
        json.WriteTexts("console_tail", story.ConsoleTail);
        WriteLines(json, "ended", story.Ended.Select(entry => entry.ToLine()));
    });

    private static void WriteLines(Utf8JsonWriter json, string name, IEnumerable<string> lines)
    {
        json.WriteStartArray(name);
        foreach (var line in lines)
        {
            json.WriteRawValue(line.TrimEnd('\n'));
        }

        json.WriteEndArray();
    }
}
