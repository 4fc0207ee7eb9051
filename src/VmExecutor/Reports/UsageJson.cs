using System.Text.Json;
using VmExecutor.Core.Usage;

namespace VmExecutor.Reports;

/// <summary><c>usage --json</c>. No key is ever renamed.</summary>
internal static class UsageJson
{
    public static string Write(UsageReport report) => JsonText.Write(json =>
    {
        json.WriteString("since", report.Since);
        json.WriteStartArray("jobs");
        foreach (var job in report.Jobs)
        {
            json.WriteStartObject();
            Write(json, job);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (report.Others is { } others)
        {
            json.WriteStartObject("others");
            Write(json, others);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("others");
        }
    });

    private static void Write(Utf8JsonWriter json, UsageSummary job)
    {
        json.WriteString("project", job.Group.Project);
        json.WriteString("job_name", job.Group.JobName);
        json.WriteString("image", job.Group.Image);
        json.WriteNumber("runs", job.Runs);
        json.WriteNumber("failures", job.Failures);
        json.WriteStartObject("starts");
        json.WriteNumber("standby", job.Standby);
        json.WriteNumber("warm", job.Warm);
        json.WriteNumber("cold", job.Cold);
        json.WriteEndObject();
        json.WriteNumber("waits", job.Waits);
        json.WriteNumber("wait_seconds", (double?)job.WaitSeconds);
        json.WriteNumber("longest_wait_seconds", (double?)job.LongestWaitSeconds);
        json.WriteNumber("memory_bytes", job.MemoryBytes);
        json.WriteNumber("guest_peak_bytes", job.GuestPeakBytes);
        json.WriteNumber("host_memory_bytes", job.HostMemoryBytes);
        json.WriteNumber("enough_memory_bytes", job.EnoughMemoryBytes);
        json.WriteNumber("cpu_seconds", (double?)job.CpuSeconds);
        json.WriteNumber("most_cpu_seconds", (double?)job.MostCpuSeconds);
        json.WriteNumber("disk_bytes", job.DiskBytes);
        json.WriteNumber("enough_disk_bytes", job.EnoughDiskBytes);
        json.WriteNumber("egress_refused", job.EgressRefused);
    }
}
