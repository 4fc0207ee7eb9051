namespace VmExecutor.RunnerSimulator.Jobs;

/// <summary>A job as GitLab would hand it to the runner.</summary>
public sealed record SimulatedJob
{
    public long Id { get; init; } = 1001;

    public string Name { get; init; } = "unit";

    /// <summary>The job token: in the job response, in CI_JOB_TOKEN and usually in the repository's URL.</summary>
    public string Token { get; init; } = "glcbt-64_simulated";

    /// <summary><c>image:</c>; null: the job names none.</summary>
    public string? Image { get; init; }

    public long ProjectId { get; init; } = 42;

    public string ProjectPath { get; init; } = "group/project";

    /// <summary>True: its branch is a protected one.</summary>
    public bool IsProtected { get; init; }

    public IReadOnlyList<string> Script { get; init; } = ["true"];

    /// <summary><c>run:</c> in place of <see cref="Script"/>, as JSON: a list of steps. The runner makes a script and the variable STEPS of it.</summary>
    public string? Run { get; init; }

    /// <summary>The runner's own job that tries the executor when the runner starts (boot verify): no server, no project, no variables.</summary>
    public bool IsSynthetic { get; init; }

    public IReadOnlyList<string> AfterScript { get; init; } = [];

    /// <summary>Further steps by name, run as <c>step_NAME</c> after build_script (for example <c>release</c>).</summary>
    public IReadOnlyDictionary<string, string> FurtherSteps { get; init; } = new Dictionary<string, string>();

    /// <summary>The job's own variables; they come after the predefined ones and may redefine them.</summary>
    public IReadOnlyList<JobVariable> Variables { get; init; } = [];

    /// <summary>Null: as with GIT_STRATEGY none, get_sources only prints.</summary>
    public GitSource? Git { get; init; }

    /// <summary><c>services:</c> as GitLab's JSON: a list of objects.</summary>
    public string Services { get; init; } = "[]";

    /// <summary>True: there is a cache to pull and push.</summary>
    public bool HasCache { get; init; }

    /// <summary>True: earlier jobs' artifacts are to be downloaded.</summary>
    public bool HasDependencies { get; init; }

    /// <summary>True: artifacts are to be uploaded, on success and on failure.</summary>
    public bool HasArtifacts { get; init; }

    /// <summary>The job's whole time; when it is over only cleanup follows.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>RUNNER_SCRIPT_TIMEOUT; null: none.</summary>
    public TimeSpan? ScriptTimeout { get; init; }

    /// <summary>Written to JOB_RESPONSE_FILE instead of the real thing, to see what the driver makes of garbage.</summary>
    public byte[]? RawResponse { get; init; }

    /// <summary>The commands of build_script.</summary>
    internal IReadOnlyList<string> Commands => Run is null ? Script : ["step-runner ci"];

    /// <summary>A variable's last value; null: the job has none of that name.</summary>
    internal string? Find(string variable) => Variables.LastOrDefault(candidate => candidate.Key == variable)?.Value;

    /// <summary>GET_SOURCES_ATTEMPTS and its kin, from the job's variables; 1 if not given.</summary>
    internal int Attempts(string variable) =>
        Find(variable) is { } given
        && int.TryParse(given, out var count)
        && count is >= 1 and <= 10
            ? count
            : 1;
}
