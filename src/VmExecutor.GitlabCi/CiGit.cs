using VmExecutor.Core.Configuration.Binding;
using VmExecutor.Core.Failures;

namespace VmExecutor.GitlabCi;

/// <summary>The values of GIT_STRATEGY.</summary>
public enum CiGitStrategy
{
    /// <summary><c>clone</c> and <c>fetch</c>: the VM is new, so there is nothing to fetch into.</summary>
    Clone,

    /// <summary>The project's directory is left as it is: in a new VM it is empty.</summary>
    None,

    /// <summary>The project's directory is emptied.</summary>
    Empty,
}

/// <summary>
/// The variables by which a job says how it gets its sources (https://docs.gitlab.com/ci/runners/configure_runners/#configure-runner-behavior-with-variables).
/// </summary>
public sealed record CiGit
{
    private const string StrategyName = "GIT_STRATEGY";
    private const string ClonePathName = "GIT_CLONE_PATH";
    private static readonly string[] False = ["0", "f", "F", "false", "FALSE", "False"];

    public CiGitStrategy Strategy { get; private init; }

    /// <summary>False: the repository is there, its files are not.</summary>
    public bool Checkout { get; private init; } = true;

    /// <summary>GIT_LFS_SKIP_SMUDGE, for git itself; null: not set.</summary>
    public string? LfsSkipSmudge { get; private init; }

    /// <summary>The variables that are not honoured here, each with the consequence.</summary>
    public IReadOnlyList<string> NotDone { get; private init; } = [];

    /// <param name="values">Of the job's variables, expanded.</param>
    /// <exception cref="SystemFailureException">The runner would fail the job for a value.</exception>
    public static CiGit Read(IReadOnlyDictionary<string, string> values)
    {
        var strategy = values.GetValueOrDefault(StrategyName) switch
        {
            null or "" or "clone" or "fetch" => CiGitStrategy.Clone,
            "none" => CiGitStrategy.None,
            "empty" => CiGitStrategy.Empty,
            var unknown => throw Wrong(StrategyName, unknown, "clone, fetch, none or empty"),
        };
        var submodules = values.GetValueOrDefault("GIT_SUBMODULE_STRATEGY");
        if (submodules is not (null or "" or "none" or "normal" or "recursive"))
        {
            throw Wrong("GIT_SUBMODULE_STRATEGY", submodules, "none, normal or recursive");
        }

        var clones = strategy == CiGitStrategy.Clone;
        return new CiGit
        {
            Strategy = strategy,
            Checkout = !False.Contains(values.GetValueOrDefault("GIT_CHECKOUT")),
            LfsSkipSmudge = values.GetValueOrDefault("GIT_LFS_SKIP_SMUDGE"),
            NotDone =
            [
                .. clones && submodules is "normal" or "recursive" ? [$"GIT_SUBMODULE_STRATEGY={submodules}: submodules are not fetched, and their directories are empty"] : Array.Empty<string>(),
                .. clones && values.GetValueOrDefault("GIT_DEPTH") is { Length: > 0 } depth and not "0" ? [$"GIT_DEPTH={depth}: the job gets the whole history"] : Array.Empty<string>(),
                .. clones && values.GetValueOrDefault("GIT_FETCH_EXTRA_FLAGS") is { Length: > 0 } ? ["GIT_FETCH_EXTRA_FLAGS: is not passed to git"] : Array.Empty<string>(),
            ],
        };
    }

    /// <summary>The same for printing.</summary>
    /// <param name="secrets">Values that no text may have.</param>
    public CiGit WithoutSecrets(IReadOnlyList<string> secrets) => this with
    {
        LfsSkipSmudge = LfsSkipSmudge is null ? null : CiSecrets.Hide(LfsSkipSmudge, secrets),
        NotDone = [.. NotDone.Select(note => CiSecrets.Hide(note, secrets))],
    };

    /// <summary>The project's directory in the guest, which GIT_CLONE_PATH may move within the builds directory.</summary>
    /// <param name="buildsDirectory">In the guest.</param>
    /// <param name="usual">Where the project is without the variable.</param>
    /// <param name="values">Of the job's variables, expanded.</param>
    /// <exception cref="SystemFailureException">The path leads out of the builds directory.</exception>
    public static string ProjectDirectory(string buildsDirectory, string usual, IReadOnlyDictionary<string, string> values)
    {
        if (values.GetValueOrDefault(ClonePathName) is not { Length: > 0 } path)
        {
            return usual;
        }

        var cleaned = path.TrimEnd('/');
        return cleaned.StartsWith($"{buildsDirectory.TrimEnd('/')}/", StringComparison.Ordinal) && !cleaned.Split('/').Contains("..") && !cleaned.Any(char.IsControl)
            ? cleaned
            : throw new SystemFailureException(
                ErrorCodes.GitlabCiInvalid,
                $"the GIT_CLONE_PATH={Quote.Text(path)} has to be within {Quote.Text(buildsDirectory)}",
                "Begin it with $CI_BUILDS_DIR/.");
    }

    private static SystemFailureException Wrong(string name, string value, string known) => new(
        ErrorCodes.GitlabCiInvalid, $"unknown {name}: {Quote.Text(value)}; the runner fails the job for it", $"Set it to {known}.");
}
