using VmExecutor.Core.Leftovers;
using VmExecutor.Host.Leftovers;

namespace VmExecutor.Reports;

/// <summary><c>list --json</c>.</summary>
internal static class JobListJson
{
    public static string Write(JobList list) => JsonText.Write(json =>
    {
        json.WriteStartArray("jobs");
        foreach (var job in list.Jobs)
        {
            json.WriteStartObject();
            json.WriteString("job", job.Job.Value);
            json.WriteString("domain", job.Key.Domain.Value);
            json.WriteString("service", job.Service);
            json.WriteString("state", job.Leftover is not null ? "leftover" : job.Doubt is not null ? "unclear" : job.IsKept ? "kept" : job.IsStandby ? "standby" : "in_use");
            json.WriteString("reason", job.Leftover is { } reason ? LeftoverText.Name(reason) : job.Doubt);
            json.WriteBoolean("has_vm", job.HasDomain);
            json.WriteString("project", job.Project);
            json.WriteString("image", job.Image);
            json.WriteString("start", job.Start);
            json.WriteNumber("age_seconds", job.Age?.TotalSeconds);
            json.WriteNumber("waited_seconds", job.Waited?.TotalSeconds);
            json.WriteNumber("cpu_seconds", job.Usage?.CpuTime.TotalSeconds);
            json.WriteNumber("memory_bytes", job.Usage?.MemoryBytes);
            json.WriteNumber("disk_bytes", job.DiskBytes);
            json.WriteNumber("expires_in_seconds", job.ExpiresIn?.TotalSeconds);
            json.WriteString("created", job.Created?.ToString("O", null));
            json.WriteString("expires", job.Expires?.ToString("O", null));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteTexts("remarks", list.Remarks);
        if (list.Drained is { } drained)
        {
            json.WriteStartObject("drained");
            json.WriteString("since", drained.Since?.ToString("O", null));
            json.WriteString("by", drained.By);
            json.WriteString("reason", drained.Reason);
            json.WriteEndObject();
        }
    });
}
