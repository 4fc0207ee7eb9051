namespace VmExecutor.Core.Clones.Parts;

/// <summary>A row of the table of parts: what becomes of one element, or of one group of attributes, of a domain's definition.</summary>
/// <param name="Path">
/// Where it is in the domain, as <see cref="PartPath"/> reads it: <c>devices/disk/source</c>, <c>devices/graphics/@passwd</c>,
/// <c>devices/tpm/backend[@type=passthrough]</c>, <c>cpu/**</c>.
/// </param>
/// <param name="Job">In a job's clone.</param>
/// <param name="Person">In a clone for a person.</param>
/// <param name="Why">The reason, in one sentence without a full stop.</param>
public sealed record PartRule(string Path, Treatment Job, Treatment Person, string Why)
{
    /// <summary>Set where it is refused for anyone.</summary>
    public RefusalKind? Refusal { get; init; }

    /// <summary>Whether an administrator may let clones have it all the same, by naming this row's key in the image's <c>allow_parts</c>.</summary>
    public bool CanBeAllowed { get; init; }

    /// <summary>The path, without what says that all below is meant as well.</summary>
    public string Key { get; } = Path.EndsWith("/**", StringComparison.Ordinal) ? Path[..^3] : Path;

    /// <summary>Whether an administrator is told without having asked; what is usual in every definition is not.</summary>
    public bool IsNote { get; init; }

    internal PartPath Pattern { get; } = PartPath.Parse(Path);

    public Treatment For(ClonePurpose purpose) => purpose == ClonePurpose.Job ? Job : Person;
}
