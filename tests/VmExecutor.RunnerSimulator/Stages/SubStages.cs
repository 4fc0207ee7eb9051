namespace VmExecutor.RunnerSimulator.Stages;

/// <summary>The names the runner gives to <c>run</c>'s scripts.</summary>
public static class SubStages
{
    public const string PrepareScript = "prepare_script";
    public const string GetSources = "get_sources";
    public const string ClearWorktree = "clear_worktree";

    /// <summary>Of a boot-verify job only, from runner 19.2 on.</summary>
    public const string BootVerifyProbes = "boot_verify_probes";

    public const string RestoreCache = "restore_cache";
    public const string DownloadArtifacts = "download_artifacts";
    public const string BuildScript = "build_script";
    public const string AfterScript = "after_script";
    public const string ArchiveCache = "archive_cache";
    public const string ArchiveCacheOnFailure = "archive_cache_on_failure";
    public const string UploadArtifactsOnSuccess = "upload_artifacts_on_success";
    public const string UploadArtifactsOnFailure = "upload_artifacts_on_failure";
    public const string CleanupFileVariables = "cleanup_file_variables";

    /// <summary>A step of the job besides its script, for example <c>step_release</c>.</summary>
    public static string Step(string name) => $"step_{name}";
}
