using VmExecutor.Core.Configuration;

namespace VmExecutor.GitlabCi;

/// <summary>A job of a <c>.gitlab-ci.yml</c> with all that it extends and inherits, as a runner would get it.</summary>
public sealed record CiJob
{
    public required string Name { get; init; }

    /// <summary>The name in the file, of which <c>parallel:</c> makes several.</summary>
    public string Group { get => field ?? Name; init; }

    /// <summary>CI_NODE_INDEX; null: the job has no <c>parallel:</c>.</summary>
    public int? NodeIndex { get; init; }

    /// <summary>CI_NODE_TOTAL.</summary>
    public int NodeTotal { get; init; } = 1;

    public string Stage { get; init; } = "test";

    /// <summary>As written, variables not expanded; null: the job names none.</summary>
    public string? Image { get; init; }

    public IReadOnlyList<CiService> Services { get; init; } = [];

    public IReadOnlyList<string> BeforeScript { get; init; } = [];

    public IReadOnlyList<string> Script { get; init; } = [];

    public IReadOnlyList<string> AfterScript { get; init; } = [];

    /// <summary>The file's and the job's own, the job's winning; each name once.</summary>
    public IReadOnlyList<CiVariable> Variables { get; init; } = [];

    /// <summary>The time that it may take altogether; null: it does not say.</summary>
    public TimeSpan? Timeout { get; init; }

    public CiArtifacts? Artifacts { get; init; }

    public CiAllowFailure AllowFailure { get; init; } = CiAllowFailure.Never;

    /// <summary>The keywords that are not carried out here, one line each.</summary>
    public IReadOnlyList<ConfigurationWarning> Warnings { get; init; } = [];
}

/// <summary>A variable of the file.</summary>
/// <param name="Name">Fit for a shell.</param>
/// <param name="Value">As written.</param>
/// <param name="Raw"><c>expand: false</c>: references in it are left alone.</param>
public sealed record CiVariable(string Name, string Value, bool Raw = false);

/// <summary>The artifacts that a job leaves.</summary>
public sealed record CiArtifacts
{
    /// <summary>Globs seen from the project's directory, variables not expanded.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Also every file that git does not know.</summary>
    public bool Untracked { get; init; }

    public CiArtifactsWhen When { get; init; } = CiArtifactsWhen.OnSuccess;

    /// <summary>True when a job that ended so leaves them.</summary>
    public bool AreFor(bool success) => When switch
    {
        CiArtifactsWhen.Always => true,
        CiArtifactsWhen.OnFailure => !success,
        _ => success,
    };
}

/// <summary>The values of <c>artifacts:when</c>.</summary>
public enum CiArtifactsWhen
{
    OnSuccess,
    OnFailure,
    Always,
}

/// <summary><c>allow_failure</c>: with which exit codes the pipeline goes on.</summary>
/// <param name="Any">With every one.</param>
/// <param name="ExitCodes">With these.</param>
public sealed record CiAllowFailure(bool Any, IReadOnlyList<int> ExitCodes)
{
    public static CiAllowFailure Never { get; } = new(Any: false, []);

    public bool Allows(int exitCode) => Any || ExitCodes.Contains(exitCode);
}
