using System.Globalization;
using VmExecutor.Core.Keeping;

namespace VmExecutor.Reports;

/// <summary>The failed jobs that can be replayed, for people and for scripts.</summary>
internal static class KeptJobReport
{
    public static void Print(IReadOnlyList<KeptJob> jobs, TextWriter output)
    {
        if (jobs.Count == 0)
        {
            output.WriteLine("nothing");
            return;
        }

        var table = new ReportTable(
            ReportColumn.OfKey("job"), ReportColumn.OfKey("id"), ReportColumn.OfNames("name"), ReportColumn.OfNames("project"), ReportColumn.OfNames("image"), ReportColumn.OfWords("failed in"), ReportColumn.OfKey("kept until"));
        foreach (var job in jobs)
        {
            table.Add(
                job.Key, job.JobId.ToString(CultureInfo.InvariantCulture), job.Name, job.Project,
                job.Generation is { } number ? string.Create(CultureInfo.InvariantCulture, $"{job.Image} ({number})") : job.Image,
                Failed(job), job.Expires.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture));
        }

        table.Print(output);
    }

    public static string Write(IReadOnlyList<KeptJob> jobs) => JsonText.Write(json =>
    {
        json.WriteStartArray("kept");
        foreach (var job in jobs)
        {
            json.WriteStartObject();
            json.WriteString("job", job.Key);
            json.WriteNumber("job_id", job.JobId);
            json.WriteString("name", job.Name);
            json.WriteString("project", job.Project);
            json.WriteString("image", job.Image);
            if (job.Generation is { } number)
            {
                json.WriteNumber("generation", number);
            }

            json.WriteTexts("sub_stages", job.Scripts.Select(script => script.SubStage));
            json.WriteString("failed_in", Failed(job));
            json.WriteString("kept", job.Kept);
            json.WriteString("expires", job.Expires);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    private static string? Failed(KeptJob job) => job.Scripts.FirstOrDefault(script => script.ExitCode != 0) is not { } script ? null
        : string.Create(CultureInfo.InvariantCulture, $"{script.SubStage} ({(script.ExitCode is { } code ? $"exit code {code}" : script.Failure ?? "cut off")})");
}
