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
    public const string LastScript = "";

    public static string PrepareScript => "echo \"Running on $(hostname) via vm-executor try...\"";

    /// <summary>Clones the bundle, or makes an empty project directory.</summary>
    /// <param name="guest">Where it runs.</param>
    /// <param name="projectDirectory">In the guest.</param>
    /// <param name="hasRepository">The bundle is there.</param>
    /// <param name="git">The job's wishes for its sources; null: as usual.</param>
    public static string GetSources(TrialGuest guest, string projectDirectory, bool hasRepository, CiGit? git = null)
    {
        string Quote(string word) => ShellText.Quote(guest.Shell, word);
        var directory = Quote(projectDirectory);
        if (!hasRepository)
        {
            return ShellText.Lines(guest.Shell,
            [
                $"mkdir -p {directory}",
                $"echo {Quote(git?.Strategy switch
                {
                    CiGitStrategy.None => "Skipping Git repository setup (GIT_STRATEGY=none)",
                    CiGitStrategy.Empty => "Skipping Git repository setup and creating an empty build directory (GIT_STRATEGY=empty)",
                    _ => "No repository was given (--repo)",
                })}",
            ]);
        }

        var lfs = git?.LfsSkipSmudge is { } skip ? ShellText.Export(guest.Shell, "GIT_LFS_SKIP_SMUDGE", skip) + "\n" : "";
        var checkout = git?.Checkout ?? true;
        return lfs + ShellText.Lines(guest.Shell,
        [
            $"echo {Quote($"Fetching the repository into {projectDirectory}")}",
            $"git clone --quiet {(checkout ? "" : "--no-checkout ")}{GuestBundle} {directory}",
            $"rm -f {GuestBundle}",
            $"cd {directory}",
            $"git --no-pager log -1 {Quote($"--format={(checkout ? "Checked out" : "Skipping Git checkout of")} %h: %s")}",
        ]);
    }

    /// <summary>Behind <see cref="GetSources"/>: the commit, if the repository has it.</summary>
    public static string Checkout(TrialGuest guest, string? commit) => commit is null
        ? ""
        : $"git checkout --quiet {ShellText.Quote(guest.Shell, commit)} || echo 'WARNING: the repository does not have the commit {commit} of the job: its HEAD is used'\n";

    public static string Build(TrialGuest guest, string projectDirectory, GivenScript script) =>
        ShellText.Lines(guest.Shell, [$"cd {ShellText.Quote(guest.Shell, projectDirectory)}", script.For(guest.Shell)]);
}
