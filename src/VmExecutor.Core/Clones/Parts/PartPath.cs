using System.Xml.Linq;

namespace VmExecutor.Core.Clones.Parts;

/// <summary>
/// Which parts of a domain a row is about. Names of elements from below <c>domain</c> on, with slashes between them; the last one may be
/// an attribute's (<c>@name</c>). <c>*</c> is any name, <c>{a,b}</c> one of these, and <c>/**</c> at the end means the element with all that is in
/// it. Conditions in brackets follow the name of what they look at (<see cref="PartCondition"/>).
/// </summary>
internal sealed class PartPath
{
    private const string AllBelow = "/**";

    private readonly IReadOnlyList<Step> _elements;
    private readonly Step? _attribute;
    private readonly bool _below;

    private PartPath(IReadOnlyList<Step> elements, Step? attribute, bool below) =>
        (_elements, _attribute, _below) = (elements, attribute, below);

    /// <summary>Whether it holds for every definition that has such a part.</summary>
    public bool IsUnconditional => _elements.All(step => step.Conditions.Count == 0) && _attribute is null or { Conditions.Count: 0 };

    /// <summary>Where rows are looked up: by the name of a first element, or as <c>devices/name</c> by that of a device (<c>*</c>: any).</summary>
    public IEnumerable<string> Places => _elements switch
    {
        [] => [string.Empty],
        [{ Alternatives: ["devices"] }, var device, ..] => (device.Alternatives ?? ["*"]).Select(name => $"devices/{name}"),
        [var first, ..] => first.Alternatives!,
    };

    public static PartPath Parse(string text)
    {
        var below = text.EndsWith(AllBelow, StringComparison.Ordinal);
        var steps = Split(below ? text[..^AllBelow.Length] : text).ToList();
        Step? attribute = null;
        if (steps[^1].StartsWith('@'))
        {
            attribute = Step.Parse(steps[^1][1..]);
            steps.RemoveAt(steps.Count - 1);
        }

        return new PartPath([.. steps.Select(Step.Parse)], attribute, below);
    }

    /// <summary>Whether this part is one of them.</summary>
    /// <param name="elements">The elements from below the domain down to the part, or to the element whose attribute it is.</param>
    /// <param name="attribute">Null: the part is the last of the elements.</param>
    /// <param name="purpose">For whom the clone is.</param>
    public bool Matches(IReadOnlyList<XElement> elements, XAttribute? attribute, ClonePurpose purpose)
    {
        if (!Fits(elements.Count, attribute is not null))
        {
            return false;
        }

        for (var index = 0; index < _elements.Count; index++)
        {
            if (!_elements[index].Names(PartNames.Of(elements[index].Name)) || !_elements[index].Conditions.All(condition => condition.Holds(elements[index], purpose)))
            {
                return false;
            }
        }

        return _attribute is null
            || _attribute.Names(PartNames.Of(attribute!.Name)) && _attribute.Conditions.All(condition => condition.Holds(attribute.Value));
    }

    /// <summary>Whether a part with these names is one of them in some definition.</summary>
    public bool Names(IReadOnlyList<string> elements, string? attribute) =>
        Fits(elements.Count, attribute is not null)
        && _elements.Select((step, index) => step.Names(elements[index])).All(named => named)
        && (_attribute is null || _attribute.Names(attribute!));

    private bool Fits(int depth, bool isAttribute) =>
        _below ? depth >= _elements.Count : depth == _elements.Count && isAttribute == _attribute is not null;

    /// <summary>At the slashes outside of brackets.</summary>
    private static IEnumerable<string> Split(string text)
    {
        var (start, depth) = (0, 0);
        for (var index = 0; index < text.Length; index++)
        {
            depth += text[index] switch { '[' => 1, ']' => -1, _ => 0 };
            if (text[index] == '/' && depth == 0)
            {
                yield return text[start..index];
                start = index + 1;
            }
        }

        yield return text[start..];
    }

    /// <param name="Alternatives">Null: any name.</param>
    /// <param name="Conditions">All of them must hold.</param>
    private sealed record Step(IReadOnlyList<string>? Alternatives, IReadOnlyList<PartCondition> Conditions)
    {
        public static Step Parse(string text)
        {
            var end = text.IndexOf('[', StringComparison.Ordinal);
            var name = end < 0 ? text : text[..end];
            var conditions = end < 0 ? [] : text[(end + 1)..^1].Split("][").Select(PartCondition.Parse).ToList();
            return new Step(name == "*" ? null : name.StartsWith('{') ? name[1..^1].Split(',') : [name], conditions);
        }

        public bool Names(string name) => Alternatives is null || Alternatives.Contains(name);
    }
}
