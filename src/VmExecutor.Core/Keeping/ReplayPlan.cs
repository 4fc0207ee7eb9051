namespace VmExecutor.Core.Keeping;

/// <summary>The kept scripts of a job that are run again.</summary>
/// <param name="Scripts">In their order.</param>
/// <param name="LeftOut">Those that would write to GitLab, whose job is over.</param>
public sealed record ReplayPlan(IReadOnlyList<KeptScript> Scripts, IReadOnlyList<string> LeftOut)
{
    public const string GetSources = "get_sources";

    private static readonly string[] BeforeSources = ["prepare_script", GetSources, "clear_worktree"];
    private static readonly string[] NeedGitlab = [GetSources, "restore_cache", "download_artifacts"];
    private static readonly string[] Last = ["after_script", "cleanup_file_variables"];

    /// <param name="job">The kept job.</param>
    /// <param name="from">Begin with this sub-stage; null: with the first.</param>
    /// <param name="hasSources">The sources come from elsewhere.</param>
    /// <returns>Null: there is no such sub-stage.</returns>
    public static ReplayPlan? Of(KeptJob job, string? from, bool hasSources)
    {
        var scripts = job.Scripts.ToList();
        if (from is not null)
        {
            var first = scripts.FindIndex(script => script.SubStage == from);
            if (first < 0)
            {
                return null;
            }

            scripts.RemoveRange(0, first);
        }

        var leftOut = scripts.Where(WritesToGitlab).ToList();
        return new ReplayPlan(
            [.. scripts.Except(leftOut).Where(script => !hasSources || !BeforeSources.Skip(1).Contains(script.SubStage))],
            [.. leftOut.Select(script => script.SubStage)]);
    }

    /// <summary>True when a failure of this script most likely comes from the token, which GitLab has ended with the job.</summary>
    public static bool NeedsToken(string subStage) => NeedGitlab.Contains(subStage);

    /// <summary>True when the runner runs it also after a script that has failed.</summary>
    public static bool RunsAfterFailure(string subStage) => Last.Contains(subStage);

    /// <summary>True when the sources are there before it.</summary>
    public static bool IsAfterSources(string subStage) => !BeforeSources.Contains(subStage);

    private static bool WritesToGitlab(KeptScript script) =>
        script.SubStage.StartsWith("upload_artifacts", StringComparison.Ordinal) || script.SubStage.StartsWith("archive_cache", StringComparison.Ordinal);
}
