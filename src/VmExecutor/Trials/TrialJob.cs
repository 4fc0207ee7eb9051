using System.Globalization;
using System.Text;
using System.Text.Json;
using VmExecutor.Core.Jobs;

namespace VmExecutor.Trials;

/// <summary>A job as GitLab would hand it out, for <c>try</c> and <c>bench</c>: a job response with nothing secret in it.</summary>
internal sealed record TrialJob(long Id, string Image, TimeSpan Timeout)
{
    public const string Project = "vm-executor/try";

    /// <summary>How much memory it asks for (VM_MEMORY); null: nothing.</summary>
    public string? Memory { get; init; }

    /// <summary>The content of JOB_RESPONSE_FILE.</summary>
    public string ToResponse()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("id", Id);
            json.WriteStartObject("job_info");
            json.WriteString("name", "try");
            json.WriteString("stage", "test");
            json.WriteString("project_full_path", Project);
            json.WriteEndObject();
            json.WriteStartObject("git_info");
            json.WriteString("repo_url", "https://try.invalid/vm-executor/try.git");
            json.WriteEndObject();
            json.WriteStartObject("runner_info");
            json.WriteNumber("timeout", (int)Timeout.TotalSeconds);
            json.WriteEndObject();
            json.WriteStartObject("image");
            json.WriteString("name", Image);
            json.WriteEndObject();
            json.WriteStartArray("variables");
            if (Memory is not null)
            {
                json.WriteStartObject();
                json.WriteString("key", JobSizes.MemoryVariable);
                json.WriteString("value", Memory);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>What the runner adds to the stages' environment.</summary>
    public IReadOnlyDictionary<string, string> ToVariables() => new Dictionary<string, string>
    {
        ["CUSTOM_ENV_CI"] = "true",
        ["CUSTOM_ENV_CI_JOB_ID"] = Id.ToString(CultureInfo.InvariantCulture),
        ["CUSTOM_ENV_CI_JOB_IMAGE"] = Image,
        ["CUSTOM_ENV_CI_PROJECT_PATH"] = Project,
        ["CUSTOM_ENV_CI_RUNNER_SHORT_TOKEN"] = "try",
    };
}
