using VmExecutor.Observing;

namespace VmExecutor.Reports;

/// <summary><c>top --json</c>.</summary>
internal static class TopJson
{
    public static string Write(TopView view) => JsonText.Write(json =>
    {
        json.WriteString("now", view.Now.ToString("O", null));
        json.WriteStartArray("jobs");
        foreach (var (job, share) in view.Rows)
        {
            json.WriteStartObject();
            json.WriteString("job", job.Job.Job.Value);
            json.WriteString("domain", job.Job.Key.Domain.Value);
            json.WriteString("service", job.Job.Service);
            json.WriteString("state", job.Activity.State);
            json.WriteString("doing", job.Activity.Words);
            json.WriteString("project", job.Job.Project);
            json.WriteString("image", job.Job.Image);
            json.WriteString("start", job.Job.Start);
            json.WriteNumber("age_seconds", job.Job.Age?.TotalSeconds);
            json.WriteNumber("processors", share is { } part ? Math.Round(part, 3) : null);
            json.WriteNumber("cpu_seconds", job.Job.Usage?.CpuTime.TotalSeconds);
            json.WriteNumber("memory_bytes", job.Job.Usage?.MemoryBytes);
            json.WriteNumber("reserved_bytes", job.Claim?.ReservedBytes);
            json.WriteNumber("vm_memory_bytes", job.Claim?.MemoryBytes);
            json.WriteNumber("disk_bytes", job.Job.DiskBytes);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("host");
        json.WriteNumber("memory_bytes", view.Host.MemoryTotalBytes);
        json.WriteNumber("memory_available_bytes", view.Host.MemoryAvailableBytes);
        json.WriteNumber("disk_free_bytes", view.Host.DiskFreeBytes);
        json.WriteEndObject();
        json.WriteTexts("remarks", view.Remarks);
    });
}
