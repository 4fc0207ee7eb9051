using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Health;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;

namespace VmExecutor.Health;

/// <summary>Whether jobs of each image would get a VM, and whether it would wake up.</summary>
internal sealed class ImageChecks(SettingsLook settings, LibvirtLook libvirt)
{
    public IReadOnlyList<HealthCheck> All =>
    [
        new(Checks.Images, ImagesAsync),
        new(Checks.Templates, TemplatesAsync),
    ];

    private async Task<IReadOnlyList<Finding>> ImagesAsync(CancellationToken cancellationToken)
    {
        if (!settings.HasImages)
        {
            return [Checks.Images.Skipped("the images are not known: see 'config'")];
        }

        var findings = new List<Finding>();
        foreach (var image in settings.Images)
        {
            findings.AddRange(await ImageAsync(image, cancellationToken));
        }

        return findings.Count > 0 ? findings :
        [
            Checks.Images.Warning("there are no images: every job is refused (VMX1010)", $"cp config/images/debian-12.yaml {ShellText.Quote($"{settings.File.Parent()}/images/")}   # and change what it names"),
        ];
    }

    private async Task<IReadOnlyList<Finding>> ImageAsync(ImageDefinition image, CancellationToken cancellationToken)
    {
        var publish = $"{DriverVersion.Name} image publish {image.Name}";

        // Keys have a check of their own.
        List<Finding> findings =
        [
            .. ImageFiles.Problems(image).Where(problem => !problem.StartsWith("ssh.key ", StringComparison.Ordinal))
                .Select(problem => Checks.Images.Problem($"image '{image.Name}': {problem}", $"editor {ShellText.Quote(image.File.Value)} && {DriverVersion.Name} check   # or give the runner's user the right to read it")),
        ];
        ChosenGeneration chosen;
        try
        {
            chosen = ChosenGeneration.For(image, new Catalogue(settings.Settings!.StateDir));
        }
        catch (DriverException e)
        {
            return [.. findings, Checks.Images.Problem($"{e.Message} ({e.Code})", publish)];
        }

        findings.AddRange(chosen.Warnings.Select(warning => Checks.Images.Warning(warning, publish)));
        findings.AddRange(await SourceAsync(image, chosen.Generation is not null, cancellationToken));

        return findings.Count > 0 ? findings
            : chosen.Generation is { } generation ? [Checks.Images.Ok($"image '{image.Name}': jobs get generation {generation.Number}, published {generation.Record.Published:yyyy-MM-dd}")]
            : [Checks.Images.Warning($"image '{image.Name}' was never published: jobs stand on its source, which must not be started or changed while they run", publish)];
    }

    /// <summary>A published image has its own disks: what is wrong with its source matters when it is published again.</summary>
    private async Task<IReadOnlyList<Finding>> SourceAsync(ImageDefinition image, bool isPublished, CancellationToken cancellationToken)
    {
        if (image.Source is not ImageSource.Domain domain)
        {
            return SourceDomains.OfDisk(image) is { } disk ? [Finding(image, disk, isPublished)] : [];
        }

        if (await libvirt.TryAskAsync(cancellationToken) is null)
        {
            return [];
        }

        var (troubles, _) = await new SourceDomains(libvirt.Hypervisor).OfDomainAsync(domain.Name, image.AllowParts, cancellationToken);
        return [.. troubles.Select(trouble => Finding(image, trouble, isPublished)), .. new[] { await StateAsync(image, domain, isPublished, cancellationToken) }.OfType<Finding>()];
    }

    private static Finding Finding(ImageDefinition image, SourceTrouble trouble, bool isPublished) => Checks.Images.Of(
        trouble.IsFatal && !isPublished ? CheckStatus.Problem : CheckStatus.Warning,
        $"image '{image.Name}': {trouble.What}{(trouble.IsFatal ? isPublished ? "; it cannot be published again" : "; jobs fail" : "")}",
        $"{trouble.Fix}   # in {image.File}");

    /// <summary>Null: the domain's state is right, or there is none.</summary>
    private async Task<Finding?> StateAsync(ImageDefinition image, ImageSource.Domain domain, bool isPublished, CancellationToken cancellationToken)
    {

        var (uri, name) = (ShellText.Quote(libvirt.Hypervisor.Uri), ShellText.Quote(domain.Name));
        return (await libvirt.Hypervisor.FindStatusAsync(domain.Name, cancellationToken), isPublished, domain.AllowShutdown) switch
        {
            ({ IsAlive: true }, false, false) => Checks.Images.Problem(
                $"image '{image.Name}': its source domain '{domain.Name}' is running, and clones of a disk that is being written to would be broken: jobs fail (VMX1203)",
                $"virsh -c {uri} shutdown {name}   # and, so that it may run again: {DriverVersion.Name} image publish {image.Name}"),
            ({ IsAlive: true }, false, true) => Checks.Images.Warning(
                $"image '{image.Name}': its source domain '{domain.Name}' is running; the next job shuts it down", $"virsh -c {uri} shutdown {name} && {DriverVersion.Name} image publish {image.Name}"),
            _ => null,
        };
    }

    private async Task<IReadOnlyList<Finding>> TemplatesAsync(CancellationToken cancellationToken)
    {
        if (!settings.HasImages || settings.Settings is not { } known)
        {
            return [Checks.Templates.Skipped("the images are not known: see 'config'")];
        }

        var warm = new ImageLister(known, new Catalogue(known.StateDir)).List().Where(image => image.Definition is { Warm.Enabled: true }).ToList();
        var version = warm.Count == 0 ? null : (await libvirt.TryAskAsync(cancellationToken))?.Version;
        return warm.Count == 0 ? [Checks.Templates.Skipped("no image has 'warm: {enabled: true}'")] : [.. warm.Select(image => Decide(image, version))];
    }

    private static Finding Decide(ListedImage image, HypervisorVersion? version)
    {
        var templates = image.CurrentGeneration?.Templates ?? [];
        var make = $"{DriverVersion.Name} image warm {image.Name}";
        var troubles = templates.Select(template => template.Troubles(version)).Where(trouble => trouble.Count > 0).ToList();
        return (image, templates.Count, troubles) switch
        {
            ({ CurrentGeneration: null }, _, _) => Checks.Templates.Warning($"image '{image.Name}' was never published, so there is no template, and jobs start cold", $"{DriverVersion.Name} image publish {image.Name} --warm"),
            (_, 0, _) => Checks.Templates.Warning($"image '{image.Name}' has no template: jobs start cold", make),
            (_, var all, { Count: > 0 and var bad }) => Checks.Templates.Warning(
                bad == all ? $"image '{image.Name}': no template can be used, and jobs start cold: {troubles[0][0]}" : $"image '{image.Name}': {bad} of {all} templates cannot be used: {troubles[0][0]}", make),
            (_, var all, _) => Checks.Templates.Ok($"image '{image.Name}' has {all} template{(all == 1 ? "" : "s")}"),
        };
    }
}
