using VmExecutor.Core.Jobs;

namespace VmExecutor.Core.Keeping;

/// <summary>Decides which jobs' scripts are kept, and for how long.</summary>
public static class ScriptRetention
{
    /// <summary>
    /// True for a job that failed. The runner must not say that it succeeded or was cancelled (CI_JOB_STATUS, which a job's author can
    /// redefine), and not all scripts may have ended well (which cannot be redefined).
    /// </summary>
    public static bool IsFailed(string result, IReadOnlyList<ScriptRecord> scripts) =>
        result is not ("success" or "canceled") && scripts.Any(script => script.ExitCode is not 0);

    /// <summary>The jobs whose time is over, and the oldest of those that are too many.</summary>
    public static IReadOnlyList<KeptJob> Over(IEnumerable<KeptJob> kept, DateTimeOffset now, bool enabled, int max)
    {
        var newestFirst = kept.OrderByDescending(job => job.Kept).ToList();
        return [.. newestFirst.Where((job, place) => !enabled || place >= max || job.Expires <= now)];
    }
}
