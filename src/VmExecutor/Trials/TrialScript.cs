using VmExecutor.Core.Guests;
using VmExecutor.GitlabCi;

namespace VmExecutor.Trials;

/// <summary>Scripts of the shape that the runner makes (docs/runner-contract.md section 2).</summary>
internal static class TrialScript
{
    /// <summary>The place of the repository's bundle in the guest before get_sources.</summary>
    public const string GuestBundle = "/tmp/vm-executor-try.bundle";

    /// <summary>The sub-stage behind all others, whose failure is not the job's.</summary>
    public const string LastSubStage = "cleanup_file_variables";

    /// <summary>There are no file variables here.</summary>
    public const string LastScript = ":";

    public static string PrepareScript => "echo \"Running on $(hostname) via vm-executor try...\"";

    /// <summary>Clones the bundle, or makes an empty project directory.</summary>
    /// <param name="projectDirectory">In the guest.</param>
    /// <param name="hasRepository">The bundle is there.</param>
    /// <param name="git">The job's wishes for its sources; null: as usual.</param>
    public static string GetSources(string projectDirectory, bool hasRepository, CiGit? git = null)
    {
        var directory = ShellText.Quote(projectDirectory);
        if (!hasRepository)
        {
            return $"mkdir -p {directory}\necho {ShellText.Quote(git?.Strategy switch
            {
                CiGitStrategy.None => "Skipping Git repository setup (GIT_STRATEGY=none)",
                CiGitStrategy.Empty => "Skipping Git repository setup and creating an empty build directory (GIT_STRATEGY=empty)",
                _ => "No repository was given (--repo)",
            })}";
        }

        var lfs = git?.LfsSkipSmudge is { } skip ? $"export GIT_LFS_SKIP_SMUDGE={ShellText.Quote(skip)}\n" : "";
        var checkout = git?.Checkout ?? true;
        return $"""
            {lfs}echo {ShellText.Quote($"Fetching the repository into {projectDirectory}")}
            git clone --quiet {(checkout ? "" : "--no-checkout ")}{GuestBundle} {directory}
            rm -f {GuestBundle}
            cd {directory}
            git --no-pager log -1 --format='{(checkout ? "Checked out" : "Skipping Git checkout of")} %h: %s'
            """;
    }

    /// <summary>Behind <see cref="GetSources"/>: the commit, if the repository has it.</summary>
    public static string Checkout(string? commit) => commit is null
        ? ""
        : $"\ngit checkout --quiet {ShellText.Quote(commit)} || echo 'WARNING: the repository does not have the commit {commit} of the job: its HEAD is used'";

    public static string Build(string projectDirectory, string script) => $"cd {ShellText.Quote(projectDirectory)}\n{script}";
}
