using System.Xml.Linq;

namespace VmExecutor.Core.Clones.Parts;

/// <summary>
/// Goes through a definition by the table of parts, and copies the parts that are kept. No element, attribute or text of a source reaches
/// a clone in another way: a part that the table does not name is refused, and the clone's own parts are added afterwards.
/// </summary>
internal sealed class DomainWalk
{
    private readonly ClonePurpose _purpose;
    private readonly IReadOnlySet<string> _allowed;
    private readonly List<PartFinding> _findings = [];

    private DomainWalk(ClonePurpose purpose, IReadOnlySet<string> allowed) => (_purpose, _allowed) = (purpose, allowed);

    /// <summary>
    /// The copy and the findings. <see cref="SourceOf"/> gives the source's element for an element of the copy. Later steps need it to
    /// make the clone's own parts from the source's.
    /// </summary>
    public static (XElement Copy, IReadOnlyList<PartFinding> Findings) Through(XElement source, ClonePurpose purpose, IReadOnlySet<string> allowed)
    {
        var walk = new DomainWalk(purpose, allowed);
        var copy = walk.Copy(source, []);
        foreach (var emptied in copy.Elements().Where(element => element.Name.LocalName is not "devices" and not "os" && IsEmptied(element)).ToList())
        {
            emptied.Remove();
        }

        return (copy, walk._findings);
    }

    /// <summary>The element of which this one is the copy; itself where it is none.</summary>
    public static XElement SourceOf(XElement copy) => copy.Annotation<Original>()?.Element ?? copy;

    private static bool IsEmptied(XElement copy) =>
        !copy.HasElements && !copy.HasAttributes && copy.Value.Trim().Length == 0 && (SourceOf(copy).HasElements || SourceOf(copy).HasAttributes);

    private XElement Copy(XElement source, IReadOnlyList<XElement> path)
    {
        var copy = new XElement(source.Name);
        copy.AddAnnotation(new Original(source));
        foreach (var attribute in source.Attributes().Where(attribute => !attribute.IsNamespaceDeclaration))
        {
            var (treatment, _) = Judge(path, attribute);
            if (treatment == Treatment.Kept)
            {
                copy.SetAttributeValue(attribute.Name, attribute.Value);
            }
        }

        foreach (var node in source.Nodes())
        {
            if (node is XText text)
            {
                // Not as it is indented in the source, since neighbours may be missing.
                if (!source.HasElements)
                {
                    copy.Add(new XText(text.Value));
                }
            }
            else if (node is XElement child)
            {
                var below = path.Append(child).ToList();
                var (treatment, isAllowed) = Judge(below, attribute: null);
                if (treatment == Treatment.Kept)
                {
                    copy.Add(isAllowed ? new XElement(child) : Copy(child, below));
                }
            }
        }

        return copy;
    }

    /// <summary>Looks the part up, and notes what becomes of it.</summary>
    private (Treatment Treatment, bool IsAllowed) Judge(IReadOnlyList<XElement> elements, XAttribute? attribute)
    {
        var rule = DomainParts.RuleFor(elements, attribute, _purpose);
        var path = PartNames.Path(elements, attribute);
        var key = rule is null ? path : rule.CanBeAllowed ? rule.Key : null;
        var treatment = rule?.For(_purpose) ?? Treatment.Refused;
        var finding = new PartFinding(path, PartNames.Words(elements, attribute), treatment, rule?.Why ?? "this driver does not know it")
        {
            IsNote = treatment != Treatment.Kept && rule?.IsNote != false,
        };
        if (treatment != Treatment.Refused)
        {
            Add(finding, elements.Count, attribute is not null);
            return (treatment, false);
        }

        if (key is not null && _allowed.Contains(key))
        {
            _findings.Add(finding with { Treatment = Treatment.Kept, Why = "allow_parts of the image lets clones have it", AllowKey = key, IsNote = true });
            return (Treatment.Kept, true);
        }

        _findings.Add(finding with { AllowKey = key, Refusal = rule?.Refusal ?? RefusalKind.Unknown, IsNote = true });
        return (treatment, false);
    }

    /// <summary>
    /// Adds a finding: kept parts are reported for devices and the elements beside them, and below those only the parts that are not
    /// kept.
    /// </summary>
    private void Add(PartFinding finding, int depth, bool isAttribute)
    {
        var isDevice = depth == 2 && finding.Path.StartsWith("devices/", StringComparison.Ordinal);
        if (finding.Treatment != Treatment.Kept || !isAttribute && (isDevice || depth == 1 && finding.Path != "devices"))
        {
            _findings.Add(finding);
        }
    }

    private sealed record Original(XElement Element);
}
