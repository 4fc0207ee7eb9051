using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace VmExecutor.RunnerSimulator.Jobs;

/// <summary>The content of JOB_RESPONSE_FILE: the job as GitLab's API answered it, in the API's own words.</summary>
internal static class JobResponse
{
    /// <summary>The token of the earlier job whose artifacts are downloaded.</summary>
    public const string EarlierToken = "glcbt-64_earlier";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static byte[] Write(SimulatedJob job, RunnerOptions options) =>
        Encoding.UTF8.GetBytes((job.IsSynthetic ? Synthetic(job) : Build(job, options)).ToJsonString(Indented));

    /// <summary>The response of a job that the runner has made up itself: fields that a server fills have Go's zero values.</summary>
    private static JsonObject Synthetic(SimulatedJob job) => new()
    {
        ["id"] = job.Id,
        ["token"] = "",
        ["allow_git_fetch"] = false,
        ["job_info"] = new JsonObject { ["name"] = "", ["stage"] = "", ["project_id"] = 0, ["project_name"] = "", ["project_full_path"] = "", ["namespace_id"] = 0, ["pipeline_id"] = 0, ["user_id"] = 0 },
        ["git_info"] = new JsonObject { ["repo_url"] = "", ["ref"] = "", ["sha"] = "", ["before_sha"] = "", ["ref_type"] = "", ["refspecs"] = null, ["depth"] = 0, ["protected"] = null },
        ["runner_info"] = new JsonObject { ["timeout"] = 0, ["runner_session_url"] = "" },
        ["variables"] = null,
        ["steps"] = new JsonArray([.. Steps(job)]),
        ["image"] = new JsonObject { ["name"] = job.Image ?? "" },
        ["services"] = null,
        ["artifacts"] = null,
        ["cache"] = null,
        ["credentials"] = null,
        ["dependencies"] = null,
        ["features"] = new JsonObject { ["trace_sections"] = false, ["failure_reasons"] = null },
    };

    private static JsonObject Build(SimulatedJob job, RunnerOptions options) => new()
    {
        ["run"] = job.Run is { } run ? JsonNode.Parse(run) : null,
        ["id"] = job.Id,
        ["token"] = job.Token,
        ["allow_git_fetch"] = true,
        ["job_info"] = JobInfo(job),
        ["git_info"] = GitInfo(job, options),
        ["runner_info"] = new JsonObject { ["timeout"] = (int)job.Timeout.TotalSeconds, ["runner_session_url"] = "" },
        ["image"] = new JsonObject { ["name"] = job.Image ?? "" },
        ["services"] = JsonNode.Parse(job.Services),
        ["variables"] = new JsonArray([.. JobVariables.FromServer(job, options).Select(Variable)]),
        ["steps"] = new JsonArray([.. Steps(job)]),
        ["artifacts"] = job.HasArtifacts ? new JsonArray(Artifact()) : null,
        ["cache"] = job.HasCache ? new JsonArray(Cache()) : new JsonArray(),
        ["credentials"] = new JsonArray(),
        ["dependencies"] = job.HasDependencies ? new JsonArray(Dependency()) : new JsonArray(),
        ["features"] = new JsonObject { ["trace_sections"] = true, ["failure_reasons"] = new JsonArray("script_failure") },
    };

    private static JsonObject JobInfo(SimulatedJob job) => new()
    {
        ["name"] = job.Name,
        ["stage"] = "test",
        ["project_id"] = job.ProjectId,
        ["project_name"] = job.ProjectPath[(job.ProjectPath.LastIndexOf('/') + 1)..],
        ["project_full_path"] = job.ProjectPath,
        ["namespace_id"] = 7,
        ["pipeline_id"] = 501,
        ["user_id"] = 3,
        ["time_in_queue_seconds"] = 1.5,
    };

    private static JsonObject GitInfo(SimulatedJob job, RunnerOptions options) => new()
    {
        ["repo_url"] = JobVariables.RepositoryUrl(job, options),
        ["ref"] = job.Git?.Ref ?? "main",
        ["sha"] = job.Git?.Sha ?? JobVariables.NoCommit,
        ["before_sha"] = JobVariables.NoCommit,
        ["ref_type"] = "branch",
        ["refspecs"] = new JsonArray("+refs/heads/main:refs/remotes/origin/main"),
        ["depth"] = 20,
        ["protected"] = job.IsProtected,
    };

    private static JsonNode Variable(JobVariable variable) => new JsonObject
    {
        ["key"] = variable.Key,
        ["value"] = variable.Value,
        ["public"] = variable.Public,
        ["file"] = variable.File,
        ["masked"] = variable.Masked,
        ["raw"] = variable.Raw,
    };

    private static IEnumerable<JsonNode> Steps(SimulatedJob job)
    {
        yield return Step("script", job.Commands, "on_success", job.Timeout);
        foreach (var (name, script) in job.FurtherSteps)
        {
            yield return Step(name, [script], "on_success", job.Timeout);
        }

        if (job.AfterScript.Count > 0)
        {
            yield return Step("after_script", job.AfterScript, "always", job.Timeout);
        }
    }

    private static JsonObject Step(string name, IEnumerable<string> script, string when, TimeSpan timeout) => new()
    {
        ["name"] = name,
        ["script"] = new JsonArray([.. script.Select(line => (JsonNode)line)]),
        ["timeout"] = (int)timeout.TotalSeconds,
        ["when"] = when,
        ["allow_failure"] = name == "after_script",
    };

    private static JsonObject Artifact() => new()
    {
        ["name"] = "output",
        ["paths"] = new JsonArray("out/"),
        ["when"] = "always",
        ["artifact_type"] = "archive",
    };

    private static JsonObject Cache() => new()
    {
        ["key"] = "default",
        ["paths"] = new JsonArray("cached/"),
        ["policy"] = "pull-push",
        ["when"] = "always",
    };

    private static JsonObject Dependency() => new()
    {
        ["id"] = 1000,
        ["name"] = "earlier",
        ["token"] = EarlierToken,
        ["artifacts_file"] = new JsonObject { ["filename"] = "artifacts.zip", ["size"] = 1234 },
    };
}
