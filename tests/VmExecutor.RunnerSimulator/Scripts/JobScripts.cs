using System.Text;
using VmExecutor.RunnerSimulator.Jobs;
using static VmExecutor.RunnerSimulator.Scripts.ScriptText;

namespace VmExecutor.RunnerSimulator.Scripts;

/// <summary>The bodies of a job's sub-stages, as much like the runner's own (shells/abstract.go, shells/bash.go) as a test needs.</summary>
internal sealed class JobScripts(IReadOnlyList<JobVariable> variables, JobPhase phase, string? hostname)
{
    private string ProjectDirectory => phase.ProjectDirectory;

    /// <summary>The directory of file variables and git templates: beside the project.</summary>
    private string SideDirectory => $"{phase.ProjectDirectory}.tmp";

    public string Prepare() =>
        string.IsNullOrEmpty(hostname)
            ? "echo \"Running on $(hostname)...\"\n"
            : $"echo \"Running on $(hostname) via {hostname}...\"\n";

    public string GetSources(GitSource? git) => git is null
        ? $"{Exports()}echo 'Skipping Git repository setup'\nmkdir -p {Quote(ProjectDirectory)}\n"
        : $"""
        {Exports()}echo "Fetching changes..."
        mkdir -p {Quote($"{SideDirectory}/git-template")}
        git config -f {Quote($"{SideDirectory}/git-template/config")} init.defaultBranch none
        git config -f {Quote($"{SideDirectory}/git-template/config")} fetch.recurseSubmodules false
        rm -f {Quote($"{ProjectDirectory}/.git/index.lock")}
        git init {Quote(ProjectDirectory)} --template {Quote($"{SideDirectory}/git-template")}
        cd {Quote(ProjectDirectory)}
        if git remote add origin {Quote(git.RepositoryUrl)} >/dev/null 2>/dev/null; then
          echo "Created fresh repository."
        else
          git remote set-url origin {Quote(git.RepositoryUrl)}
        fi
        git fetch origin {Quote($"+refs/heads/{git.Ref}:refs/remotes/origin/{git.Ref}")} --depth 20 --prune --quiet
        echo {Quote($"Checking out {git.Sha[..8]} as detached HEAD (ref is {git.Ref})...")}
        git checkout -f -q {Quote(git.Sha)}
        git clean -ffdx
        echo "Skipping Git submodules setup"

        """;

    public string ClearWorktree() => $"echo 'Deleting tracked and untracked files...'\nrm -rf {Quote(ProjectDirectory)}\n";

    public string UserScript(IEnumerable<string> lines)
    {
        var body = new StringBuilder(Exports()).Append("cd ").Append(Quote(ProjectDirectory)).Append('\n');
        foreach (var line in lines)
        {
            body.Append("echo ").Append(Quote($"\u001b[32;1m$ {line}\u001b[0;m")).Append('\n').Append(line).Append('\n');
        }

        return body.ToString();
    }

    /// <summary>Caches and artifacts are moved by <c>gitlab-runner</c> in the guest; without it there is a warning and success.</summary>
    public string Helper(string command, string what) => $"""
        {Exports()}cd {Quote(ProjectDirectory)}
        if gitlab-runner --version >/dev/null 2>&1; then
          gitlab-runner {command}
        else
          echo {Quote($"Missing gitlab-runner. {what} is disabled.")}
        fi

        """;

    public string CleanupFileVariables() => variables.Any(variable => variable.File)
        ? $"rm -f {string.Join(' ', variables.Where(variable => variable.File).Select(variable => Quote(FilePath(variable))))}\n"
        : "true\n";

    /// <summary>Every variable exported; a file variable's content goes to a file, and its name then means the path.</summary>
    public string Exports()
    {
        var body = new StringBuilder();
        foreach (var variable in variables)
        {
            if (variable.File)
            {
                body.Append("mkdir -p ").Append(Quote(SideDirectory)).Append('\n')
                    .Append("printf '%s' ").Append(Quote(variable.Value)).Append(" > ").Append(Quote(FilePath(variable))).Append('\n');
            }

            body.Append("export ").Append(variable.Key).Append('=')
                .Append(Quote(variable.File ? FilePath(variable) : variable.Value)).Append('\n');
        }

        return body.ToString();
    }

    private string FilePath(JobVariable variable) => $"{SideDirectory}/{variable.Key}";
}
