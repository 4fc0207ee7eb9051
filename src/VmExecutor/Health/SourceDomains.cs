using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Health;
using VmExecutor.Core.Images;
using VmExecutor.Core.Linking;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Linking;

namespace VmExecutor.Health;

/// <summary>The facts that were seen of a source domain.</summary>
/// <param name="Troubles">The troubles.</param>
/// <param name="LeftOut">Parts that clones for jobs do not have, each with the reason, for an administrator to know.</param>
internal sealed record SourceLook(IReadOnlyList<SourceTrouble> Troubles, IReadOnlyList<string> LeftOut);

/// <summary>Looks at what images are made of: at their source domains as libvirt has them, and into their disks.</summary>
/// <param name="hypervisor">That of the jobs; it is asked about domains only.</param>
internal sealed class SourceDomains(IHypervisor hypervisor)
{
    private IReadOnlyList<string>? _names;

    /// <summary>The trouble with the disk of an image that names one.</summary>
    public static SourceTrouble? OfDisk(ImageDefinition image) => image.Source is ImageSource.DiskFile file
        && FileContents.OfDisk(file.Path, file.Format?.ToString().ToLowerInvariant(), "format") is { } trouble
            ? new SourceTrouble(trouble.IsFatal, $"file {file.Path} {trouble.What}", trouble.Fix)
            : null;

    /// <summary>A source domain as jobs get it, by the table of parts.</summary>
    /// <param name="domain">Its name.</param>
    /// <param name="allowed">The image's <c>allow_parts</c>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="HypervisorException">libvirt does not answer.</exception>
    public async Task<SourceLook> OfDomainAsync(string domain, IReadOnlySet<string> allowed, CancellationToken cancellationToken)
    {
        try
        {
            if (await new SourceDefinitions(hypervisor).FindAsync(domain, cancellationToken) is not { } source)
            {
                return new SourceLook([await MissingAsync(domain, cancellationToken)], []);
            }

            GuestArchitecture.EnsureKnown(source.Xml, "this image");
            var findings = DomainReview.Of(source.Xml, ClonePurpose.Job, allowed);
            if (DomainReview.FailureOf(domain, ClonePurpose.Job, findings) is { } refusal)
            {
                throw refusal;
            }

            return new SourceLook(
                [
                    .. source.Remarks.Select(remark => new SourceTrouble(false, remark, $"virsh -c {Word(hypervisor.Uri)} edit {Word(domain)}")),
                    .. OfDisks(FrozenDomain.FilesOf(source.Xml)),
                ],
                [.. findings.Where(finding => finding is { IsNote: true, Treatment: Treatment.LeftOut }).Select(finding => $"{finding.Part} ({finding.Why})").Distinct(StringComparer.Ordinal)]);
        }
        catch (UnreadableXmlException e)
        {
            return Only($"source domain '{domain}': its definition cannot be read: {e.Why}", $"virsh -c {Word(hypervisor.Uri)} dumpxml {Word(domain)}");
        }
        catch (SystemFailureException e) when (e is not HypervisorException)
        {
            return Only($"source domain '{domain}': {e.Message} ({e.Code})", e.Hint);
        }
    }

    private static SourceLook Only(string what, string fix) => new([new SourceTrouble(true, what, fix)], []);

    private static IEnumerable<SourceTrouble> OfDisks(IReadOnlyList<(string Role, AbsolutePath Path, string? Format)> files) =>
        from file in files
        where FrozenDomain.IsDisk(file.Role)
        let trouble = FileContents.OfDisk(file.Path, file.Format, "the domain's driver type")
        where trouble is not null
        select new SourceTrouble(trouble.IsFatal, $"its disk {file.Role}, {file.Path}, {trouble.What}", trouble.Fix);

    private async Task<SourceTrouble> MissingAsync(string domain, CancellationToken cancellationToken)
    {
        _names ??= await new LinkSurvey(hypervisor).NamesAsync(cancellationToken);
        return Guid.TryParse(domain, out var uuid) && await NameOfAsync(uuid, cancellationToken) is { } name
            ? new SourceTrouble(true, $"source domain '{domain}' is a UUID, and domains go by their names (VMX1204)", $"domain: {name}")
            : new SourceTrouble(true, $"there is no source domain '{domain}' on {hypervisor.Uri}; {LinkNames.Known(domain, _names)} (VMX1204)", $"virsh -c {Word(hypervisor.Uri)} list --all   # then correct 'domain'");
    }

    private async Task<string?> NameOfAsync(Guid uuid, CancellationToken cancellationToken)
    {
        foreach (var name in _names ?? [])
        {
            if (await hypervisor.FindXmlAsync(name, inactive: true, cancellationToken) is { } xml
                && Guid.TryParse((string?)XmlText.Parse(xml).Element("uuid"), out var found) && found == uuid)
            {
                return name;
            }
        }

        return null;
    }

    private static string Word(string text) => ShellText.Quote(text);
}
