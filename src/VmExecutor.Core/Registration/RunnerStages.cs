using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Registration;

/// <summary>The keys that make a runner's jobs this driver's, with their values. Each limit's reason is in executor/config.toml.</summary>
public static class RunnerStages
{
    /// <summary>The table of the stages.</summary>
    public static readonly IReadOnlyList<string> Custom = ["custom"];

    private static readonly string[] Stages = ["config", "prepare", "run", "cleanup"];
    private static readonly TimeSpan ConfigLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(20);

    /// <param name="directory">Where the entry points are.</param>
    /// <param name="settings">The configuration that the stages are told to read; its limits decide the runner's.</param>
    /// <param name="settingsFile">Its path.</param>
    public static IReadOnlyList<RunnerKey> Keys(AbsolutePath directory, Settings settings, AbsolutePath settingsFile)
    {
        var first = settings.Images.Count > 0 ? settings.Images[0] : null;
        var (prepare, cleanup) = RunnerRules.NeededTimes(settings);
        var keys = new List<RunnerKey>
        {
            new([], "builds_dir", Quote(first?.BuildsDir ?? "/builds")),
            new([], "cache_dir", Quote(first?.CacheDir ?? "/cache")),
        };
        foreach (var stage in Stages)
        {
            keys.Add(new(Custom, $"{stage}_exec", Quote(directory.Child(stage).Value)));
            keys.Add(new(Custom, $"{stage}_args", $"[\"--config\", {Quote(settingsFile.Value)}]"));
            if (Limit(stage, prepare, cleanup) is { } limit)
            {
                keys.Add(new(Custom, $"{stage}_exec_timeout", Seconds(limit)));
            }
        }

        keys.Add(new(Custom, "graceful_kill_timeout", Seconds(KillLimit)));
        keys.Add(new(Custom, "force_kill_timeout", "10"));

        // Without it the runner refuses GIT_CLONE_PATH, which is for VMs of one job each as harmless as any path.
        keys.Add(new(["custom_build_dir"], "enabled", "true"));
        if (settings.Images.Any(image => image.Shell == GuestShell.Sh))
        {
            keys.Add(new(["feature_flags"], RunnerQuoting.PosixFlag, "true"));
        }

        return keys;
    }

    /// <summary>A basic string of TOML; a path has no control characters.</summary>
    public static string Quote(string text) => $"\"{text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    /// <summary>
    /// The limit that is needed, with room: whole minutes for prepare, and never less than the sample's for cleanup. Scripts have no
    /// limit but the job's.
    /// </summary>
    private static TimeSpan? Limit(string stage, TimeSpan prepare, TimeSpan cleanup) => stage switch
    {
        "config" => ConfigLimit,
        "prepare" => TimeSpan.FromMinutes(Math.Ceiling(prepare.TotalMinutes) + 5),
        "cleanup" => TimeSpan.FromSeconds(Math.Max(180, Math.Ceiling(cleanup.TotalSeconds))),
        _ => null,
    };

    private static string Seconds(TimeSpan duration) => duration.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
}
