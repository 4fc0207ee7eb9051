using VmExecutor.Core.Values;
using VmExecutor.GitlabCi;

namespace VmExecutor.Trials;

/// <summary>The request of <c>try --gitlab-ci</c>.</summary>
internal sealed record GitlabCiRequest
{
    public required AbsolutePath File { get; init; }

    /// <summary>Null: none was named, which is answered by their list.</summary>
    public string? Job { get; init; }

    /// <summary>Instead of the job's own.</summary>
    public string? Image { get; init; }

    /// <summary>Null: the repository that the file is in.</summary>
    public AbsolutePath? Repository { get; init; }

    /// <summary>Also what is not committed.</summary>
    public bool WithChanges { get; init; }

    /// <summary>Over all others.</summary>
    public IReadOnlyList<CiVariable> Variables { get; init; } = [];

    /// <summary>For the inputs of the file, as <c>spec: inputs:</c> declares them.</summary>
    public IReadOnlyDictionary<string, string> Inputs { get; init; } = new Dictionary<string, string>();

    /// <summary>Null: <c>artifacts-NAME</c> here.</summary>
    public AbsolutePath? Artifacts { get; init; }

    public bool Keep { get; init; }

    /// <summary>Nothing is started: what would be done is said.</summary>
    public bool DryRun { get; init; }

    /// <summary>With <see cref="DryRun"/>: for scripts.</summary>
    public bool Json { get; init; }
}
