using VmExecutor.GitlabCi;

namespace VmExecutor.Trials;

/// <summary>The sub-stages' scripts of a job of a <c>.gitlab-ci.yml</c>.</summary>
/// <param name="job">The job.</param>
/// <param name="guest">Where they run.</param>
/// <param name="project">The project's directory in the guest.</param>
/// <param name="git">The job's wishes for its sources.</param>
/// <param name="written">All variables, not expanded.</param>
internal sealed class GitlabCiScripts(CiJob job, TrialGuest guest, string project, CiGit git, IReadOnlyList<CiVariable> written)
{
    private readonly IReadOnlyList<CiVariable> _variables = CiExpansion.Expand(written);

    public CiJob Job => job;

    public string Project => project;

    /// <summary>As the scripts have them, expanded.</summary>
    public IReadOnlyList<CiVariable> Variables => _variables;

    /// <summary>Of the variables, expanded.</summary>
    public IReadOnlyDictionary<string, string> Values => _variables.ToDictionary(variable => variable.Name, variable => variable.Value);

    /// <summary>before_script and script: one shell runs both.</summary>
    public string Build => Write("running", [.. job.BeforeScript, .. job.Script]);

    /// <summary>The scripts before the job's own.</summary>
    public IEnumerable<(string Name, string Body)> Before(bool hasSources) =>
        [("prepare_script", TrialScript.PrepareScript), ("get_sources", TrialScript.GetSources(guest, project, hasSources, git))];

    /// <summary>Null: the job has none.</summary>
    public string? After(string status) => job.AfterScript.Count == 0 ? null : Write(status, job.AfterScript);

    private string Write(string status, IReadOnlyList<string> lines) =>
        CiScript.Write(guest.Shell, _variables.Append(new CiVariable("CI_JOB_STATUS", status)), project, lines);
}
