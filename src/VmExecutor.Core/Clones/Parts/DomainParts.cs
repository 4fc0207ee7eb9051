using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace VmExecutor.Core.Clones.Parts;

/// <summary>
/// The table of parts. For each element and each attribute that libvirt allows in a domain (formatdomain; the schema domaincommon.rng) it
/// says what becomes of the part in a job's clone and in a person's. The first row that fits counts, and rows for any device come last. A
/// part without a row is refused, so a part that a later libvirt adds reaches no clone before a row covers it. A row covers a whole
/// subtree (<c>/**</c>) if all of it is hardware that only the guest sees, or if none of it is copied.
/// </summary>
public static partial class DomainParts
{
    private const string Devices = "devices";

    /// <summary>All rows, in the order in which they are tried.</summary>
    public static IReadOnlyList<PartRule> All { get; } =
        [.. Machine, .. Firmware, .. Tuning, .. Disks, .. Networks, .. Consoles, .. Displays, .. Hardware, .. HostDevices, .. AnyDevice];

    private static ILookup<string, PartRule> ByPlace { get; } =
        All.SelectMany(rule => rule.Pattern.Places, (rule, place) => (rule, place)).ToLookup(row => row.place, row => row.rule, StringComparer.Ordinal);

    /// <summary>
    /// The reason why an administrator cannot allow this part (<c>allow_parts</c>). Null: it can be allowed, or no row covers it, so that
    /// a source with it is refused by the part's path.
    /// </summary>
    public static string? WhyNotAllowed(string key)
    {
        var names = key.Split('/');
        var isAttribute = names[^1].StartsWith('@');
        var row = All.FirstOrDefault(rule => rule.Key == key && rule.CanBeAllowed)
            ?? All.FirstOrDefault(rule => rule.Key == key)
            ?? RuleForAll(isAttribute ? names[..^1] : names, isAttribute ? names[^1][1..] : null);
        return row switch
        {
            { CanBeAllowed: true } => null,
            { Job: Treatment.Refused } => $"nothing allows it: {row.Why}",
            { Job: Treatment.Kept } => "clones have it anyway; write what a refusal names",
            not null => $"clones get their own or do without it: {row.Why}",
            null => names.All(name => PlainName().IsMatch(name)) ? null : "it is not the path of a part",
        };
    }

    /// <summary>The row that says what becomes of a part; null: none does.</summary>
    /// <param name="elements">The elements from below the domain down to the part, or to the element whose attribute it is.</param>
    /// <param name="attribute">Null: the part is the last of the elements.</param>
    /// <param name="purpose">For whom the clone is.</param>
    internal static PartRule? RuleFor(IReadOnlyList<XElement> elements, XAttribute? attribute, ClonePurpose purpose) =>
        Candidates([.. elements.Take(2).Select(element => PartNames.Of(element.Name))]).FirstOrDefault(rule => rule.Pattern.Matches(elements, attribute, purpose));

    /// <summary>The row that fits every part with these names, under any condition; null: there is none.</summary>
    internal static PartRule? RuleForAll(IReadOnlyList<string> elements, string? attribute) =>
        Candidates(elements).FirstOrDefault(rule => rule.Pattern.IsUnconditional && rule.Pattern.Names(elements, attribute));

    [GeneratedRegex(@"^@?[A-Za-z_][A-Za-z0-9_.:-]*\z")]
    private static partial Regex PlainName();

    private static IEnumerable<PartRule> Candidates(IReadOnlyList<string> elements) => elements switch
    {
        [] => ByPlace[string.Empty],
        [Devices, var device, ..] => ByPlace[$"{Devices}/{device}"].Concat(ByPlace[$"{Devices}/*"]),
        [var first, ..] => ByPlace[first],
    };

    private static PartRule Keep(string path, string why) => new(path, Treatment.Kept, Treatment.Kept, why);

    /// <summary>Made the clone's own for a job.</summary>
    private static PartRule Own(string path, Treatment person, string why) => new(path, Treatment.MadeOwn, person, why);

    /// <summary>Left out of a job's clone.</summary>
    private static PartRule Out(string path, Treatment person, string why) => new(path, Treatment.LeftOut, person, why);

    /// <summary>Left out of a job's clone, with a note for the administrator.</summary>
    private static PartRule OutAndTold(string path, Treatment person, string why) => Out(path, person, why) with { IsNote = true };

    /// <summary>Refused for jobs, since it is the host's; an administrator may allow it.</summary>
    private static PartRule OfHost(string path, Treatment person, string why) =>
        new(path, Treatment.Refused, person, why) { Refusal = RefusalKind.HostDevice, CanBeAllowed = true };

    /// <summary>
    /// Refused for jobs, and it cannot be allowed: the clone would need a part of its own in its place and cannot have one.
    /// </summary>
    private static PartRule NotClonable(string path, Treatment person, string why) =>
        new(path, Treatment.Refused, person, why) { Refusal = RefusalKind.NotClonable };
}
