using VmExecutor.Core.Jobs;

namespace VmExecutor.Core.Keeping;

/// <summary>Whose scripts are kept, and how long.</summary>
public static class ScriptRetention
{
    /// <summary>
    /// Only of a job that failed: neither the runner says that it succeeded or was cancelled (CI_JOB_STATUS, which a job's author can redefine)
    /// nor have all scripts ended well (which nobody can).
    /// </summary>
    public static bool IsFailed(string result, IReadOnlyList<ScriptRecord> scripts) =>
        result is not ("success" or "canceled") && scripts.Any(script => script.ExitCode is not 0);

    /// <summary>Those whose time is over, and the oldest of those that are too many.</summary>
    public static IReadOnlyList<KeptJob> Over(IEnumerable<KeptJob> kept, DateTimeOffset now, bool enabled, int max)
    {
        var newestFirst = kept.OrderByDescending(job => job.Kept).ToList();
        return [.. newestFirst.Where((job, place) => !enabled || place >= max || job.Expires <= now)];
    }
}
