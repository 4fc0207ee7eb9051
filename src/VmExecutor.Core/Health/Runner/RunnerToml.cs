namespace VmExecutor.Core.Health.Runner;

/// <summary>
/// The content of GitLab Runner's config.toml that this driver needs. Defaults are the runner's own (docs/runner-contract.md sections 4
/// and 5).
/// </summary>
public sealed record RunnerToml
{
    /// <summary>The number of jobs that all of its runners do at once.</summary>
    public int Concurrent { get; init; } = 1;

    /// <summary>From the runner's SIGTERM until cleanups go on as orphans.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(30);

    public IReadOnlyList<RunnerEntry> Runners { get; init; } = [];
}

/// <summary>One <c>[[runners]]</c>.</summary>
public sealed record RunnerEntry
{
    public required string Name { get; init; }

    public string? Url { get; init; }

    /// <summary>The authentication token.</summary>
    public RunnerToken? Token { get; init; }

    public string? Executor { get; init; }

    /// <summary>The number of jobs that this one does at once; 0: as many as <see cref="RunnerToml.Concurrent"/>.</summary>
    public int Limit { get; init; }

    public string? BuildsDir { get; init; }

    public string? CacheDir { get; init; }

    /// <summary><c>[runners.cache]</c>, <c>Type</c>: where caches go; empty: into <see cref="CacheDir"/>, as is said; null: the same, and nothing is said.</summary>
    public string? CacheType { get; init; }

    /// <summary><c>[runners.custom_build_dir]</c>, <c>enabled</c>; null: not said.</summary>
    public bool? CustomBuildDir { get; init; }

    /// <summary><c>[runners.feature_flags]</c>; <see cref="FeatureFlag"/> says in which order the places count.</summary>
    public IReadOnlyDictionary<string, bool> FeatureFlags { get; init; } = new Dictionary<string, bool>();

    /// <summary><c>environment</c>: variables that the runner gives to each job, which may have some of the same name.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Null: there is no <c>[runners.custom]</c>.</summary>
    public CustomSection? Custom { get; init; }
}

/// <summary>A runner's authentication token, a secret.</summary>
public sealed class RunnerToken(string value)
{
    /// <summary>Fewer characters than this would tell nothing apart.</summary>
    private const int Fewest = 6;

    /// <param name="shortToken">What the runner tells of it in <c>CI_RUNNER_SHORT_TOKEN</c>: some characters from near its beginning.</param>
    public bool Matches(string? shortToken) => shortToken?.Length >= Fewest && value.Contains(shortToken, StringComparison.Ordinal);

    public bool IsSame(string? token) => value == token;

    public override string ToString() => "[hidden]";
}

/// <summary><c>[runners.custom]</c>.</summary>
public sealed record CustomSection
{
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromHours(1);

    /// <summary>config, prepare, run and cleanup, in this order.</summary>
    public required IReadOnlyList<StageCommand> Stages { get; init; }

    /// <summary>The names of all keys that are said.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    public TimeSpan ConfigTimeout { get; init; } = DefaultTimeout;

    public TimeSpan PrepareTimeout { get; init; } = DefaultTimeout;

    public TimeSpan CleanupTimeout { get; init; } = DefaultTimeout;

    /// <summary>From SIGTERM to SIGKILL.</summary>
    public TimeSpan GracefulKill { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>From SIGKILL until the runner gives the process up.</summary>
    public TimeSpan ForceKill { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>The program that the runner starts for a stage.</summary>
/// <param name="Stage"><c>config</c>, <c>prepare</c>, <c>run</c> or <c>cleanup</c>.</param>
/// <param name="Exec">Null: nothing.</param>
/// <param name="Arguments">Before those that the runner adds.</param>
public sealed record StageCommand(string Stage, string? Exec, IReadOnlyList<string> Arguments)
{
    /// <summary>The argument after <c>--config</c>; null: the driver decides.</summary>
    public string? ConfigOption =>
        Arguments.Index().Where(one => one.Item == "--config").Select(one => Arguments.ElementAtOrDefault(one.Index + 1)).LastOrDefault()
        ?? Arguments.LastOrDefault(one => one.StartsWith("--config=", StringComparison.Ordinal))?["--config=".Length..];
}
