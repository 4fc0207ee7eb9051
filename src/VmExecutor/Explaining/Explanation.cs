using System.Xml.Linq;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health;
using VmExecutor.Core.Values;

namespace VmExecutor.Explaining;

/// <summary>A source and the treatment of its parts.</summary>
/// <param name="Source">In words: <c>domain 'web' at qemu:///system</c>.</param>
/// <param name="Xml">Its definition.</param>
/// <param name="Image">The image whose settings count.</param>
/// <param name="StateDir">The state directory.</param>
/// <param name="Purpose">For whom the clone is.</param>
internal sealed record Explanation(string Source, XElement Xml, ImageDefinition Image, AbsolutePath StateDir, ClonePurpose Purpose)
{
    /// <summary>Facts that an administrator should know, a sentence each.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>Each part, in the order of the definition.</summary>
    public IReadOnlyList<PartFinding> Findings { get; } = DomainReview.Of(Xml, Purpose, Image.AllowParts);

    /// <summary>Null: there can be clones.</summary>
    public SystemFailureException? Failure => DomainReview.FailureOf((string?)Xml.Element("name") ?? "?", Purpose, Findings);

    /// <summary>As <c>doctor</c> judges: a problem is a source without clones, a warning what an administrator should know.</summary>
    public CheckStatus Status => Failure is not null ? CheckStatus.Problem
        : Remarks.Count > 0 || Findings.Any(finding => finding.IsNote) ? CheckStatus.Warning
        : CheckStatus.Ok;

    /// <summary>Not the definition, which may have secrets in it.</summary>
    public override string ToString() => Source;
}
