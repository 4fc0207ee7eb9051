using System.Globalization;
using System.Text;
using System.Text.Json;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Services;
using VmExecutor.GitlabCi;
using VmExecutor.Keeping;

namespace VmExecutor.Trials;

/// <summary>A job as GitLab would hand it out, for <c>try</c>, <c>replay</c> and <c>bench</c>: a job response with no token in it.</summary>
/// <param name="Id">Positive.</param>
/// <param name="Image">What it asks for; null: nothing.</param>
/// <param name="Timeout">How long it may take altogether.</param>
internal sealed record TrialJob(long Id, string? Image, TimeSpan Timeout)
{
    public const string DefaultProject = "vm-executor/try";
    public const string ShortToken = "try";

    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromHours(1);

    public string Name { get; init; } = "try";

    public string Stage { get; init; } = "test";

    public string Project { get; init; } = DefaultProject;

    /// <summary>The number of its project; null: as if the server did not say, so that it has no project disk.</summary>
    public long? ProjectId { get; init; }

    /// <summary>True when its branch is protected; null: as if an older server did not say.</summary>
    public bool? Protected { get; init; }

    /// <summary>The commit that was checked out; null: none.</summary>
    public CiCommit? Commit { get; init; }

    /// <summary>A kept job once more: it is not kept again.</summary>
    public bool IsReplay { get; init; }

    /// <summary>Expanded.</summary>
    public IReadOnlyList<CiVariable> Variables { get; init; } = [];

    /// <summary>Its services, as written.</summary>
    public IReadOnlyList<CiService> Services { get; init; } = [];

    /// <summary>A job with an id that no other has.</summary>
    /// <param name="image">What it asks for; null: nothing.</param>
    /// <param name="timeout">Null: an hour, GitLab's default.</param>
    public static TrialJob New(string? image, TimeSpan? timeout = null) => new(Random.Shared.NextInt64(1, 1_000_000_000), image, timeout ?? DefaultTimeout);

    /// <summary>The same job with this much memory (VM_MEMORY); null: as the image has it.</summary>
    public TrialJob WithMemory(string? memory) => memory is null ? this : this with { Variables = [.. Variables, new CiVariable(RequestedSizes.MemoryVariable, memory)] };

    /// <summary>The value of a variable; null: there is none of this name.</summary>
    public string? Find(string variable) => Variables.LastOrDefault(known => known.Name == variable)?.Value;

    /// <summary>The job as the stages see it.</summary>
    public Job ToJob() => JobResponse.Parse(Encoding.UTF8.GetBytes(ToResponse()), ShortToken);

    /// <summary>Its services as the stages see them.</summary>
    public JobServices ToServices() => JobServices.Read(Encoding.UTF8.GetBytes(ToResponse()));

    /// <summary>The content of JOB_RESPONSE_FILE.</summary>
    public string ToResponse()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("id", Id);
            json.WriteStartObject("job_info");
            json.WriteString("name", Name);
            json.WriteString("stage", Stage);
            json.WriteString("project_full_path", Project);
            if (ProjectId is { } project)
            {
                json.WriteNumber("project_id", project);
            }

            json.WriteEndObject();
            json.WriteStartObject("git_info");
            json.WriteString("repo_url", "https://try.invalid/vm-executor/try.git");
            if (Commit is { } commit)
            {
                json.WriteString("ref", commit.RefName);
                json.WriteString("sha", commit.Sha);
            }

            if (Protected is { } known)
            {
                json.WriteBoolean("protected", known);
            }

            json.WriteEndObject();
            json.WriteStartObject("runner_info");
            json.WriteNumber("timeout", (int)Timeout.TotalSeconds);
            json.WriteEndObject();
            if (Image is not null)
            {
                json.WriteStartObject("image");
                json.WriteString("name", Image);
                json.WriteEndObject();
            }

            WriteServices(json);
            WriteVariables(json, Variables);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private void WriteServices(Utf8JsonWriter json)
    {
        json.WriteStartArray("services");
        foreach (var service in Services)
        {
            json.WriteStartObject();
            json.WriteString("name", service.Name);
            json.WriteString("alias", service.Alias);
            WriteTexts(json, "entrypoint", service.Entrypoint);
            WriteTexts(json, "command", service.Command);
            WriteTexts(json, "pull_policy", service.PullPolicy);
            WriteVariables(json, service.Variables);
            json.WriteStartObject("executor_opts");
            json.WriteStartObject("docker");
            json.WriteString("user", service.User);
            json.WriteString("platform", service.Platform);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>All are public: a service gets what the file says, as from GitLab, and what the command line gives.</summary>
    private static void WriteVariables(Utf8JsonWriter json, IReadOnlyList<CiVariable> variables)
    {
        json.WriteStartArray("variables");
        foreach (var variable in variables)
        {
            json.WriteStartObject();
            json.WriteString("key", variable.Name);
            json.WriteString("value", variable.Value);
            json.WriteBoolean("public", true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        texts.ToList().ForEach(json.WriteStringValue);
        json.WriteEndArray();
    }

    /// <summary>The variables that the runner adds to the stages' environment.</summary>
    public IReadOnlyDictionary<string, string> ToVariables()
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["CUSTOM_ENV_CI"] = "true",
            ["CUSTOM_ENV_CI_JOB_ID"] = Id.ToString(CultureInfo.InvariantCulture),
            ["CUSTOM_ENV_CI_JOB_IMAGE"] = Image ?? "",
            ["CUSTOM_ENV_CI_PROJECT_PATH"] = Project,
            ["CUSTOM_ENV_CI_JOB_STATUS"] = "running",
        };
        foreach (var variable in Variables.Where(variable => !variable.Value.Contains('\0', StringComparison.Ordinal)))
        {
            variables[$"CUSTOM_ENV_{variable.Name}"] = variable.Value;
        }

        if (IsReplay)
        {
            variables[ScriptKeeping.ReplayMark] = "1";
        }

        // Ours and not the job's: 'cleanup' by hand names the VM with it.
        variables["CUSTOM_ENV_CI_RUNNER_SHORT_TOKEN"] = ShortToken;
        return variables;
    }
}
