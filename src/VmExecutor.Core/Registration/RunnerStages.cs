using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Registration;

/// <summary>The keys of <c>[runners.custom]</c> that make a runner's jobs this driver's, with their values. Each limit's reason is in executor/config.toml.</summary>
public static class RunnerStages
{
    private static readonly string[] Stages = ["config", "prepare", "run", "cleanup"];
    private static readonly TimeSpan ConfigLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(20);

    /// <param name="directory">Where the entry points are.</param>
    /// <param name="settings">The configuration that the stages are told to read; its limits decide the runner's.</param>
    /// <param name="settingsFile">Its path.</param>
    public static IReadOnlyList<(string Key, string Value)> Keys(AbsolutePath directory, Settings settings, AbsolutePath settingsFile)
    {
        var (prepare, cleanup) = TimeoutRules.Needed(settings);
        var keys = new List<(string Key, string Value)>();
        foreach (var stage in Stages)
        {
            keys.Add(($"{stage}_exec", Quote(directory.Child(stage).Value)));
            keys.Add(($"{stage}_args", $"[\"--config\", {Quote(settingsFile.Value)}]"));
            if (Limit(stage, prepare, cleanup) is { } limit)
            {
                keys.Add(($"{stage}_exec_timeout", Seconds(limit)));
            }
        }

        keys.Add(("graceful_kill_timeout", Seconds(KillLimit)));
        keys.Add(("force_kill_timeout", "10"));
        return keys;
    }

    /// <summary>A basic string of TOML; a path has no control characters.</summary>
    public static string Quote(string text) => $"\"{text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    /// <summary>What is needed, with room: whole minutes for prepare, and never less than the sample's for cleanup. Scripts have no limit but the job's.</summary>
    private static TimeSpan? Limit(string stage, TimeSpan prepare, TimeSpan cleanup) => stage switch
    {
        "config" => ConfigLimit,
        "prepare" => TimeSpan.FromMinutes(Math.Ceiling(prepare.TotalMinutes) + 5),
        "cleanup" => TimeSpan.FromSeconds(Math.Max(180, Math.Ceiling(cleanup.TotalSeconds))),
        _ => null,
    };

    private static string Seconds(TimeSpan duration) => duration.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
}
