using VmExecutor.RunnerSimulator.Scripts;

namespace VmExecutor.RunnerSimulator;

/// <summary>A runner's config.toml as far as its custom executor goes, and the world it runs in.</summary>
public sealed record RunnerOptions
{
    public required string ConfigExec { get; init; }

    public IReadOnlyList<string> ConfigArguments { get; init; } = [];

    public required string PrepareExec { get; init; }

    public IReadOnlyList<string> PrepareArguments { get; init; } = [];

    public required string RunExec { get; init; }

    public IReadOnlyList<string> RunArguments { get; init; } = [];

    public required string CleanupExec { get; init; }

    public IReadOnlyList<string> CleanupArguments { get; init; } = [];

    /// <summary>The runner's own environment; every stage gets it, and nothing of ours besides.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Variables this runner does not set, as an older or a broken one would not.</summary>
    public IReadOnlyCollection<string> OmittedVariables { get; init; } = [];

    /// <summary>The directory in which each attempt's TMPDIR is made.</summary>
    public required string TempDirectory { get; init; }

    /// <summary>
    /// The owner of TMPDIR and the files in it; null: the user of this process. For stages that a wrapper (setpriv) starts as another user, as a
    /// runner of that user would.
    /// </summary>
    public FileOwner? Owner { get; init; }

    public string Name { get; init; } = "simulated runner";

    public string ShortToken { get; init; } = "t1_simulat";

    public string ServerUrl { get; init; } = "https://gitlab.example.com";

    /// <summary><c>builds_dir</c> of config.toml; null: config must answer one.</summary>
    public string? BuildsDirectory { get; init; }

    public string? CacheDirectory { get; init; }

    /// <summary><c>shell</c> of config.toml, used where config answers none.</summary>
    public string Shell { get; init; } = "bash";

    /// <summary><c>[runners.feature_flags]</c>; what it says of a flag comes before what a job's variable says.</summary>
    public IReadOnlyDictionary<string, bool> FeatureFlags { get; init; } = new Dictionary<string, bool>();

    /// <summary><c>enabled</c> in <c>[runners.custom_build_dir]</c>: a job may say GIT_CLONE_PATH.</summary>
    public bool CustomBuildDirectory { get; init; }

    /// <summary>The version of the runner, as far as its scripts differ.</summary>
    public ScriptFrame ScriptFrame { get; init; }

    public TimeSpan ConfigTimeout { get; init; } = TimeSpan.FromHours(1);

    public TimeSpan PrepareTimeout { get; init; } = TimeSpan.FromHours(1);

    public TimeSpan CleanupTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>From SIGTERM to SIGKILL.</summary>
    public TimeSpan GracefulKillTimeout { get; init; } = TimeSpan.FromSeconds(600);

    /// <summary>From SIGKILL until the runner gives the process up as dormant.</summary>
    public TimeSpan ForceKillTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time that cleanup may take once the runner itself was told to end; after that it goes on as an orphan.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(30);

    public TimeSpan AfterScriptTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The real runner waits 3 s between attempts of prepare.</summary>
    public TimeSpan RetryPause { get; init; } = TimeSpan.Zero;

    /// <summary>The entry points config, prepare, run and cleanup of one directory, called with the runner's environment.</summary>
    public static RunnerOptions ForEntryPoints(
        string directory, IReadOnlyDictionary<string, string> environment, string tempDirectory) => new()
        {
            ConfigExec = Path.Combine(directory, "config"),
            PrepareExec = Path.Combine(directory, "prepare"),
            RunExec = Path.Combine(directory, "run"),
            CleanupExec = Path.Combine(directory, "cleanup"),
            Environment = environment,
            TempDirectory = tempDirectory,
        };
}
