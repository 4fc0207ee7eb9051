using System.Xml.Linq;

namespace VmExecutor.Core.Clones.Parts;

/// <summary>
/// The path of a row: it selects parts of a domain. It has the names of elements from below <c>domain</c> on, with slashes between them;
/// the last one may be an attribute's (<c>@name</c>). <c>*</c> is any name, <c>{a,b}</c> one of these, and <c>/**</c> at the end means
/// the element with everything in it. Conditions in brackets follow the name of the element or attribute that they test
/// (<see cref="PartCondition"/>).
/// </summary>
internal sealed class PartPath
{
    private const string AllBelow = "/**";

    private readonly IReadOnlyList<Step> _elements;
    private readonly Step? _attribute;
    private readonly bool _below;

    private PartPath(IReadOnlyList<Step> elements, Step? attribute, bool below) =>
        (_elements, _attribute, _below) = (elements, attribute, below);

    /// <summary>True when the path selects such a part in every definition.</summary>
    public bool IsUnconditional => _elements.All(step => step.Conditions.Count == 0) && _attribute is null or { Conditions.Count: 0 };

    /// <summary>
    /// The keys under which rows are found: the name of a first element, or <c>devices/name</c> for a device (<c>*</c>: any).
    /// </summary>
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

    /// <summary>True when the path selects this part.</summary>
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

    /// <summary>True when the path selects a part with these names in some definition.</summary>
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
