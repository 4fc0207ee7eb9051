using VmExecutor.Core.Jobs;

namespace VmExecutor.Core.ProjectDisks;

/// <summary>The reasons why a job's changes did not become its disk's next version, as words for the ledger and the metrics, and as texts for people.</summary>
public static class ProjectDiskRefusals
{
    public const string Unprotected = "unprotected";
    public const string Never = "never";
    public const string NotMounted = "not_mounted";
    public const string NotSuccessful = "not_successful";
    public const string NotUnmounted = "not_unmounted";
    public const string Unclean = "unclean";
    public const string Damaged = "damaged";
    public const string Removed = "removed";
    public const string NoRoom = "no_room";
    public const string Failed = "failed";
    public const string NoCleanup = "no_cleanup";

    /// <summary>
    /// True when the job succeeded: by the runner's word, which a job's author can change, and by the exit codes that the driver saw itself. A sub-stage may have been tried again,
    /// so its last try counts. What <c>after_script</c> returns is no part of a job's result.
    /// </summary>
    /// <param name="result">The runner's word.</param>
    /// <param name="scripts">The scripts that ran.</param>
    public static bool Succeeded(string result, IReadOnlyList<ScriptRecord> scripts)
    {
        var last = scripts.Where(script => script.SubStage != "after_script").GroupBy(script => script.SubStage, StringComparer.Ordinal).Select(tries => tries.Last()).ToList();
        return result == "success" && last.All(script => script.ExitCode == 0) && last.Any(script => script.SubStage == "build_script" || script.SubStage.StartsWith("step_", StringComparison.Ordinal));
    }

    /// <summary>The text behind "not kept, since".</summary>
    public static string Text(string word) => word switch
    {
        Unprotected => "the job's branch or tag is not protected",
        Never => "'project_disk: write' is never",
        NotMounted => "the guest has not mounted it",
        NotSuccessful => "the job did not succeed",
        NotUnmounted => "the guest did not unmount it",
        Unclean => "its file system was not unmounted cleanly: a process or a container of the guest still used it",
        Damaged => "its file system or its file is damaged",
        Removed => "the disk was removed meanwhile",
        NoRoom => "the host's disk is nearly full",
        NoCleanup => "the job ended without its cleanup",
        _ => "it could not be stored",
    };
}
