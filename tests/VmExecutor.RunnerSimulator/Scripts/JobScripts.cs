using VmExecutor.RunnerSimulator.Jobs;

namespace VmExecutor.RunnerSimulator.Scripts;

/// <summary>The bodies of a job's sub-stages, command for command as the runner writes them (shells/abstract.go).</summary>
/// <param name="variables">All of the job, in the runner's order.</param>
/// <param name="phase">The directories.</param>
/// <param name="hostname">What config answered.</param>
internal sealed class JobScripts(IReadOnlyList<JobVariable> variables, JobPhase phase, string? hostname)
{
    private const string Runner = "gitlab-runner";
    private const string EnvironmentFile = "gitlab_runner_env";
    private const string CacheEnvironmentFile = "gitlab_runner_cache_env";
    private const string Masks = "masking.db";

    public void Prepare(ScriptWriter to)
    {
        to.RunningOn(hostname);
        to.RemoveFile(to.SideFile(EnvironmentFile));
        to.RemoveFile(to.SideFile(Masks));
    }

    public void GetSources(ScriptWriter to, GitSource? git)
    {
        Exports(to);
        to.Variable(new JobVariable("GIT_TERMINAL_PROMPT", "0"));
        to.Variable(new JobVariable("GCM_INTERACTIVE", "Never"));
        to.Variable(new JobVariable("GIT_LFS_SKIP_SMUDGE", "1"));
        if (git is null)
        {
            to.Notice("Skipping Git repository setup");
            to.MakeDirectory(phase.ProjectDirectory);
            to.Notice("Skipping Git checkout");
        }
        else
        {
            var sources = new GitScripts(to, phase.ProjectDirectory);
            sources.Fetch(git);
            sources.CheckOut(git);
        }

        to.Notice("Skipping Git submodules setup");
    }

    public void ClearWorktree(ScriptWriter to)
    {
        to.Notice("Deleting tracked and untracked files...");
        to.IfDirectory(phase.ProjectDirectory);
        to.ChangeDirectory(phase.ProjectDirectory);
        to.Command("git", "rm", "-rf", "--ignore-unmatch", ".");
        to.Command("git", "clean", "-ffdx");
        to.EndIf();
    }

    public void AuthorsScript(ScriptWriter to, IEnumerable<string> commands)
    {
        Begin(to);
        Write(to, "script_step", commands);
    }

    public void AfterScript(ScriptWriter to, IEnumerable<string> commands)
    {
        Begin(to);
        to.Notice("Running after script...");
        Write(to, "after_script_step", commands);
    }

    /// <summary>A test's own lines as they are, with what the runner writes before those of the job's author but for the <c>cd</c>.</summary>
    public void Plain(ScriptWriter to, string body)
    {
        Exports(to);
        to.Line(body);
    }

    public void RestoreCache(ScriptWriter to)
    {
        Begin(to);
        Guarded(to, "Extracting cache", () =>
        {
            to.Notice("Checking cache for default...");
            Reported(to, "Successfully extracted cache", "Failed to extract cache", "cache-extractor", "--file", CacheFile, "--timeout", "10");
        });
    }

    public void DownloadArtifacts(ScriptWriter to)
    {
        Begin(to);
        Guarded(to, "Artifacts downloading", () =>
        {
            to.Notice("Downloading artifacts for earlier (1000)...");
            to.Command(Runner, "artifacts-downloader", "--url", Value("CI_SERVER_URL"), "--token", JobResponse.EarlierToken, "--id", "1000");
        });
    }

    public void ArchiveCache(ScriptWriter to)
    {
        Begin(to);
        Guarded(to, "Creating cache", () =>
        {
            var file = to.SideFile(CacheEnvironmentFile);
            to.Notice("Creating cache default...");
            to.Environment(file, new Dictionary<string, string> { ["CACHE_METADATA"] = "{\"cachekey\":\"default\"}" });
            Reported(to, "Created cache", "Failed to create cache", "cache-archiver", "--file", CacheFile, "--timeout", "10", "--path", "cached/", "--env-file", file);
            to.RemoveFile(file);
        });
    }

    public void UploadArtifacts(ScriptWriter to)
    {
        Begin(to);
        Guarded(to, "Uploading artifacts", () =>
        {
            to.Notice("Uploading artifacts...");
            to.Command(
                Runner, "artifacts-uploader", "--url", Value("CI_SERVER_URL"), "--token", Value("CI_JOB_TOKEN"), "--id", Value("CI_JOB_ID"),
                "--path", "out/", "--name", "output", "--artifact-type", "archive");
        });
    }

    public void CleanupFileVariables(ScriptWriter to, GitSource? git)
    {
        foreach (var name in new[] { EnvironmentFile, Masks, GitScripts.ExternalConfiguration }.Concat(variables.Where(variable => variable.File).Select(variable => variable.Key)))
        {
            to.RemoveFile(to.SideFile(name));
        }

        new GitScripts(to, phase.ProjectDirectory).Clean(withConfiguration: git is not null);
        to.RemoveFile($"{phase.BuildsDirectory}/.gitlab-build-uid-gid");
    }

    /// <summary>Relative to the project's directory, where these commands run.</summary>
    private string CacheFile => Path.GetRelativePath(phase.ProjectDirectory, $"{phase.CacheDirectory}/{Value("CI_PROJECT_PATH")}/default/cache.zip");

    private void Begin(ScriptWriter to)
    {
        Exports(to);
        to.ChangeDirectory(phase.ProjectDirectory);
    }

    /// <summary>The beginning of each script but the first and the last: every variable, then what an earlier script has left in GITLAB_ENV.</summary>
    public void Exports(ScriptWriter to)
    {
        foreach (var variable in variables)
        {
            to.Variable(variable);
        }

        to.Variable(new JobVariable("GITLAB_ENV", to.SideFile(EnvironmentFile)));
        to.SourceEnvironment(to.SideFile(EnvironmentFile));
    }

    internal static void Write(ScriptWriter to, string section, IEnumerable<string> commands)
    {
        foreach (var (number, command) in commands.Index())
        {
            to.AuthorsCommand(command, $"{section}_{number}");
        }
    }

    /// <summary>Caches and artifacts are moved by <c>gitlab-runner</c> in the guest; without it there is a warning and success.</summary>
    private static void Guarded(ScriptWriter to, string action, Action write)
    {
        to.IfCommand(showsOutput: false, Runner, "--version");
        write();
        to.Else();
        to.Warning($"Missing {Runner}. {action} is disabled.");
        to.EndIf();
    }

    private static void Reported(ScriptWriter to, string success, string failure, params IReadOnlyList<string> arguments)
    {
        to.IfCommand(showsOutput: true, Runner, arguments);
        to.Notice(success);
        to.Else();
        to.Warning(failure);
        to.EndIf();
    }

    private string Value(string key) => variables.LastOrDefault(variable => variable.Key == key)?.Value ?? "";
}
