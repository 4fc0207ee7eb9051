namespace VmExecutor.Core.Clones.Parts;

/// <summary>A row of the table of parts: the treatment of one element, or of one group of attributes, of a domain's definition.</summary>
/// <param name="Path">
/// Where it is in the domain, as <see cref="PartPath"/> reads it: <c>devices/disk/source</c>, <c>devices/graphics/@passwd</c>,
/// <c>devices/tpm/backend[@type=passthrough]</c>, <c>cpu/**</c>.
/// </param>
/// <param name="Job">In a job's clone.</param>
/// <param name="Person">In a clone for a person.</param>
/// <param name="Why">The reason, in one sentence without a full stop.</param>
public sealed record PartRule(string Path, Treatment Job, Treatment Person, string Why)
{
    /// <summary>Set where it is refused for both purposes.</summary>
    public RefusalKind? Refusal { get; init; }

    /// <summary>
    /// True when an administrator may let clones have the part all the same, by naming this row's key in the image's <c>allow_parts</c>.
    /// </summary>
    public bool CanBeAllowed { get; init; }

    /// <summary>The path without the <c>/**</c> at its end.</summary>
    public string Key { get; } = Path.EndsWith("/**", StringComparison.Ordinal) ? Path[..^3] : Path;

    /// <summary>True when the administrator is told of it without having asked; false for parts that every definition has.</summary>
    public bool IsNote { get; init; }

    internal PartPath Pattern { get; } = PartPath.Parse(Path);

    public Treatment For(ClonePurpose purpose) => purpose == ClonePurpose.Job ? Job : Person;
}
