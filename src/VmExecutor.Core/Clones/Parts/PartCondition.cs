using System.Xml.Linq;

namespace VmExecutor.Core.Clones.Parts;

/// <summary>
/// A condition of a row, about the element or attribute that it follows: <c>readonly</c> (it has such a child), <c>!readonly</c> (it has none),
/// <c>@type=file|block</c> (one of these values; an empty alternative is one that is not there), <c>@type!=file</c>, <c>source/@file</c>, <c>.=hvm</c>
/// (its text), <c>**/encryption</c> (anywhere in it), and <see cref="Written"/>.
/// </summary>
internal sealed class PartCondition
{
    /// <summary>The condition that the guest writes to the disk, so that the clone gets an overlay on it.</summary>
    private const string Written = "written";

    private readonly IReadOnlyList<string> _operand;
    private readonly IReadOnlyList<string>? _values;
    private readonly bool _negated;

    private PartCondition(IReadOnlyList<string> operand, IReadOnlyList<string>? values, bool negated) =>
        (_operand, _values, _negated) = (operand, values, negated);

    public static PartCondition Parse(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
        {
            return new PartCondition(text.TrimStart('!').Split('/'), values: null, text.StartsWith('!'));
        }

        var negated = text[equals - 1] == '!';
        return new PartCondition(text[..(negated ? equals - 1 : equals)].Split('/'), text[(equals + 1)..].Split('|'), negated);
    }

    public bool Holds(XElement element, ClonePurpose purpose) =>
        _negated != (_operand is [Written] ? SourceDisk.IsWritable(element, purpose) : IsOne([.. ValuesIn(element, 0)]));

    public bool Holds(string attribute) => _negated != IsOne([attribute]);

    private bool IsOne(IReadOnlyList<string> found) =>
        _values is null ? found.Count > 0 : found.Count == 0 ? _values.Contains(string.Empty) : found.Any(_values.Contains);

    private IEnumerable<string> ValuesIn(XElement element, int step) => step == _operand.Count
        ? [element.Value.Trim()]
        : _operand[step] switch
        {
            "." => [element.Value.Trim()],
            "**" => element.Descendants().Where(below => PartNames.Of(below.Name) == _operand[step + 1]).SelectMany(below => ValuesIn(below, step + 2)),
            ['@', .. var name] => element.Attributes().Where(attribute => PartNames.Of(attribute.Name) == name).Select(attribute => attribute.Value),
            var name => element.Elements().Where(child => PartNames.Of(child.Name) == name).SelectMany(child => ValuesIn(child, step + 1)),
        };
}
