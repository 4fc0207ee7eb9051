namespace VmExecutor.GitlabCi;

/// <summary>The facts that are known of a job at a desk beside its file.</summary>
public sealed record CiFacts
{
    public required long JobId { get; init; }

    /// <summary>The project's path, as GitLab has it: <c>group/project</c>.</summary>
    public required string ProjectPath { get; init; }

    public CiCommit? Commit { get; init; }

    /// <summary>The file, seen from the repository's top.</summary>
    public string ConfigPath { get; init; } = ".gitlab-ci.yml";

    public TimeSpan Timeout { get; init; }

    /// <summary>Image as asked for; null: none.</summary>
    public string? Image { get; init; }
}

/// <summary>The commit that the job gets.</summary>
/// <param name="Sha">In full.</param>
/// <param name="Branch">Null: no branch is checked out.</param>
/// <param name="Tag">Of the commit; null: none. It counts only without a branch.</param>
/// <param name="DefaultBranch">As far as git knows.</param>
/// <param name="Author">Name and address.</param>
/// <param name="Timestamp">ISO 8601.</param>
/// <param name="Message">In full.</param>
public sealed record CiCommit(string Sha, string? Branch, string? Tag, string? DefaultBranch, string Author, string Timestamp, string Message)
{
    public string RefName => Branch ?? Tag ?? Sha;
}
