namespace VmExecutor.GitlabCi;

/// <summary>A service of a job, as written; variables are not expanded.</summary>
public sealed record CiService
{
    public required string Name { get; init; }

    /// <summary>One name, or several between blanks or commas; null: none.</summary>
    public string? Alias { get; init; }

    public IReadOnlyList<string> Entrypoint { get; init; } = [];

    public IReadOnlyList<string> Command { get; init; } = [];

    public IReadOnlyList<CiVariable> Variables { get; init; } = [];

    /// <summary>In GitLab's words.</summary>
    public IReadOnlyList<string> PullPolicy { get; init; } = [];

    /// <summary>The account in the container; null: the image's own.</summary>
    public string? User { get; init; }

    /// <summary>For an image of several platforms; null: the guest's own.</summary>
    public string? Platform { get; init; }
}
