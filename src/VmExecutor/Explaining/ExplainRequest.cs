using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Values;

namespace VmExecutor.Explaining;

/// <summary>The request of <c>image explain</c>.</summary>
internal sealed record ExplainRequest
{
    /// <summary>
    /// The image whose source is explained, or with a definition the one whose settings count; null: with a definition, none.
    /// </summary>
    public ImageName? Image { get; init; }

    /// <summary>The text of a definition and where it is from; null: the image's own.</summary>
    public (string From, string Xml)? Definition { get; init; }

    /// <summary>The image's source, though it was published.</summary>
    public bool Source { get; init; }

    public ClonePurpose Purpose { get; init; }
}
