namespace VmExecutor.Core.Configuration;

/// <summary>Which jobs may use an image, by what the job response says of them; who is not certainly allowed is not.</summary>
public sealed record AccessSettings
{
    /// <summary>Globs of project paths (<c>group/*</c>: one level, <c>group/**</c>: all below); empty: every project.</summary>
    public IReadOnlyList<string> Projects { get; init; } = [];

    /// <summary>Only jobs of protected branches and tags.</summary>
    public bool ProtectedRefs { get; init; }
}
