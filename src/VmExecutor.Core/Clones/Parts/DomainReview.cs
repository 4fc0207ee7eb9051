using System.Xml.Linq;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones.Parts;

/// <summary>Reviews what becomes of a definition's parts in its clones, and whether clones of it are possible.</summary>
public static class DomainReview
{
    private const int LongestWords = 160;

    /// <summary>
    /// Lists every device and every other part of a definition, in its order, with its treatment. For a kept part the list has one line,
    /// and further lines only for its own parts that are not kept.
    /// </summary>
    /// <param name="source">The source's inactive domain XML; it is not changed.</param>
    /// <param name="purpose">For whom the clone is.</param>
    /// <param name="allowed">The image's <c>allow_parts</c>.</param>
    public static IReadOnlyList<PartFinding> Of(XElement source, ClonePurpose purpose, IReadOnlySet<string> allowed) =>
        DomainWalk.Through(source, purpose, allowed).Findings;

    /// <exception cref="SystemFailureException">Something of it is refused; all that is is named.</exception>
    public static void Demand(XElement source, ClonePurpose purpose, IReadOnlySet<string> allowed) =>
        Demand(source, purpose, Of(source, purpose, allowed));

    internal static void Demand(XElement source, ClonePurpose purpose, IReadOnlyList<PartFinding> findings)
    {
        if (FailureOf((string?)source.Element("name") ?? "?", purpose, findings) is { } failure)
        {
            throw failure;
        }
    }

    /// <summary>The failure that names all that is refused; null: nothing is.</summary>
    /// <param name="name">The source's.</param>
    /// <param name="purpose">For whom the clone is, who allows parts in another place.</param>
    /// <param name="findings">As <see cref="Of"/> has them.</param>
    public static SystemFailureException? FailureOf(string name, ClonePurpose purpose, IReadOnlyList<PartFinding> findings)
    {
        var refused = findings.Where(finding => finding.Refusal is not null).ToList();
        if (refused.Count == 0)
        {
            return null;
        }

        var kinds = refused.GroupBy(finding => finding.Refusal!.Value).OrderBy(kind => kind.Key).ToList();
        var parts = kinds.Select(kind => $"{Heading(kind.Key)}: {string.Join("; ", kind.Select(Words).Distinct(StringComparer.Ordinal))}");
        return new SystemFailureException(
            kinds is [var only] ? CodeOf(only.Key) : ErrorCodes.SourcePartsRefused,
            $"the source domain '{PlainText.OneLine(name, LongestWords)}' has {string.Join(", and ", parts)}",
            string.Join(" ", kinds.Select(kind => HintFor(kind.Key, purpose, [.. kind.Select(finding => finding.AllowKey).OfType<string>().Distinct(StringComparer.Ordinal)]))));
    }

    private static string Words(PartFinding finding) => $"{PlainText.OneLine(finding.Part, LongestWords)} ({finding.Why})";

    private static ErrorCode CodeOf(RefusalKind kind) => kind switch
    {
        RefusalKind.HostDevice => ErrorCodes.SourceHasPassthrough,
        RefusalKind.NotClonable => ErrorCodes.SourceUnsupported,
        RefusalKind.QemuArguments => ErrorCodes.SourceHasQemuArguments,
        _ => ErrorCodes.SourcePartUnknown,
    };

    private static string Heading(RefusalKind kind) => kind switch
    {
        RefusalKind.HostDevice => "devices of the host that clones cannot share",
        RefusalKind.NotClonable => "parts that cannot be cloned",
        RefusalKind.QemuArguments => "settings for QEMU that libvirt does not read",
        _ => "parts that this version of vm-executor does not know",
    };

    private static string HintFor(RefusalKind kind, ClonePurpose purpose, IReadOnlyList<string> keys)
    {
        var words = keys.Select(key => $"'{PlainText.OneLine(key, LongestWords)}'").ToList();
        var allow = words.Count == 0 ? string.Empty
            : purpose == ClonePurpose.Job ? $"allow_parts: [{string.Join(", ", words)}] in the image's YAML"
            : string.Join(" ", words.Select(word => $"--allow-part {word}"));
        return (kind, allow) switch
        {
            (RefusalKind.HostDevice, "") => "Remove the devices of the host from the source domain (virsh edit), or make a domain without them for CI.",
            (RefusalKind.HostDevice, _) =>
                $"Remove the devices of the host from the source domain (virsh edit), or make a domain without them for CI. One that jobs may have, one at a time: {allow}.",
            (RefusalKind.NotClonable, _) => "Change what cannot be cloned in the source domain (virsh edit): disks in files (qemu-img convert), or readonly.",
            (RefusalKind.QemuArguments, _) => $"Say it in libvirt's own XML instead of to QEMU; if you have made sure that no job can write to the host by it: {allow}.",
            _ => $"Remove what is not known from the source domain (virsh edit); if you have made sure that it opens nothing of the host: {allow}.",
        };
    }
}
