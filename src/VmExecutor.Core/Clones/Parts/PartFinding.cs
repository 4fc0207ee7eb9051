namespace VmExecutor.Core.Clones.Parts;

/// <summary>The treatment of one part of one definition.</summary>
/// <param name="Path">Its elements' names from the domain down, and an attribute's with an at sign: <c>devices/disk/source</c>.</param>
/// <param name="Part">The same in words that say which one of several it is: <c>disk 'vda': source</c>.</param>
/// <param name="Treatment">The treatment of the part.</param>
/// <param name="Why">The reason, in one sentence without a full stop.</param>
public sealed record PartFinding(string Path, string Part, Treatment Treatment, string Why)
{
    /// <summary>
    /// The text for the image's <c>allow_parts</c> that lets clones have the part as it is; null: no permission is needed, or none is
    /// possible.
    /// </summary>
    public string? AllowKey { get; init; }

    /// <summary>Set: it is refused.</summary>
    public RefusalKind? Refusal { get; init; }

    /// <summary>True when the administrator is told of it without having asked.</summary>
    public bool IsNote { get; init; }
}
