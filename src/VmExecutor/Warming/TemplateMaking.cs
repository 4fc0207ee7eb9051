using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Templates;
using VmExecutor.Host;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;
using VmExecutor.Host.Templates;
using VmExecutor.Publishing;

namespace VmExecutor.Warming;

/// <summary>
/// Makes the templates of an image's current generation, one for each size. Whatever interrupts it, jobs get the old template or none: a new
/// one is made and tried under a name that says that it is half made.
/// </summary>
internal sealed class TemplateMaking(Machine machine)
{
    /// <param name="image">The image.</param>
    /// <param name="ifNeeded">Only what is missing or cannot be used any more.</param>
    /// <param name="log">For the administrator.</param>
    /// <param name="cancellationToken">Ends it; what was made is undone.</param>
    /// <exception cref="SystemFailureException">There is no new template; the message says why.</exception>
    public async Task RunAsync(ImageDefinition image, bool ifNeeded, PublishLog log, CancellationToken cancellationToken)
    {
        EnsureEnabled(image);
        await EnsurePossibleAsync(image, cancellationToken);
        using var held = ImageLock.Take(machine.Locks, image.Name);
        GenerationRemover.RemoveHalfMade(machine.Catalogue, image.Name);
        var generation = Current(image);
        var wanted = new HashSet<string>(StringComparer.Ordinal);
        foreach (var size in Sizes(image))
        {
            wanted.Add(await MakeAsync(image, generation, size, ifNeeded, log, cancellationToken));
        }

        foreach (var other in TemplateCatalogue.Of(generation).Where(template => !wanted.Contains(template.Record.Shape.Fingerprint)))
        {
            TemplateMaker.Remove(other.Directory);
            log.Say($"image '{image.Name}': the template for {other.Record.Shape.Size}, which fits no clone any more, was removed");
        }
    }

    private async Task<string> MakeAsync(
        ImageDefinition image, Generation generation, RequestedSizes size, bool ifNeeded, PublishLog log, CancellationToken cancellationToken)
    {
        var basis = await new OwnClone(machine).LookAsync(image, generation, size, log.Job, cancellationToken);
        if (TemplateObstacles.In(basis.Source, image.Network.Mode) is { Count: > 0 } obstacles)
        {
            throw Impossible(image, string.Join("; ", obstacles), "Correct the source domain and publish the image again, or take 'warm' out of its YAML.");
        }

        var shape = await new TemplateFinder(machine.Hypervisor).ShapeAsync(basis, cancellationToken);
        if (ifNeeded && ChosenTemplate.For(generation, image.Name.Value, shape).Template is { } there)
        {
            log.Say($"image '{image.Name}': the template for {shape.Size} of {there.Record.Made.ToLocalTime():yyyy-MM-dd HH:mm} is still good");
            return shape.Fingerprint;
        }

        log.Say($"image '{image.Name}', generation {generation.Number}: booting a guest with {shape.Size} for a template");
        var template = await new FrozenGuest(machine).MakeAsync(image, generation, size, shape, log, cancellationToken);
        log.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"image '{image.Name}': jobs with {shape.Size} wake up from {template.Directory} now; it takes {template.Record.Files.Sum(file => file.DiskBytes) / (double)(1 << 20):0.0} MiB on the disk"));
        return shape.Fingerprint;
    }

    /// <summary>The image's own size, then those that its YAML names.</summary>
    private static IEnumerable<RequestedSizes> Sizes(ImageDefinition image) => image.Warm.Sizes
        .Select(size => new RequestedSizes { Cpus = size.Cpus?.ToString(CultureInfo.InvariantCulture), Memory = size.Memory?.ToString() })
        .Prepend(new RequestedSizes());

    private Generation Current(ImageDefinition image)
    {
        var unpublished = new SystemFailureException(
            ErrorCodes.ImageNotPublished,
            $"image '{image.Name}' was not published yet, and only a published generation stays as it is for as long as a template stands on it",
            $"vm-executor image publish {image.Name} --warm");
        var number = machine.Catalogue.CurrentNumber(image.Name) ?? throw unpublished;
        var generation = machine.Catalogue.Find(image.Name, number);
        return generation is not null && GenerationFiles.Damage(generation).Count == 0
            ? generation
            : throw new SystemFailureException(
                ErrorCodes.GenerationDamaged,
                $"generation {number} of image '{image.Name}' cannot be used: {(generation is null ? "its image.json is missing or unreadable" : string.Join("; ", GenerationFiles.Damage(generation)))}",
                $"Publish the image again: vm-executor image publish {image.Name} --warm");
    }

    /// <exception cref="SystemFailureException">The image has warm starts disabled.</exception>
    public static void EnsureEnabled(ImageDefinition image)
    {
        if (!image.Warm.Enabled)
        {
            throw new SystemFailureException(
                ErrorCodes.WarmNotEnabled,
                $"image '{image.Name}' has warm starts disabled, so no template was made",
                $"Write 'warm: {{enabled: true}}' into {image.File}; docs/warm-clones.md says what it gives and what it costs.");
        }
    }

    private async Task EnsurePossibleAsync(ImageDefinition image, CancellationToken cancellationToken)
    {
        if (!machine.Hypervisor.Uri.StartsWith("qemu:///", StringComparison.Ordinal))
        {
            throw Impossible(image, $"libvirt at {machine.Hypervisor.Uri} is not on this host, and a file cannot be handed to its QEMU", "Use qemu:///system or qemu:///session.");
        }

        var version = await machine.Hypervisor.GetVersionAsync(cancellationToken);
        if (HypervisorFeatures.FilesForQemu.IsMissingIn(version.Libvirt))
        {
            throw Impossible(image, $"libvirt {version.Libvirt} is too old", $"Warm starts need libvirt {HypervisorFeatures.FilesForQemu.Since} or later (Debian 12, Ubuntu 24.04).");
        }
    }

    private static SystemFailureException Impossible(ImageDefinition image, string why, string hint) =>
        new(ErrorCodes.TemplateImpossible, $"image '{image.Name}' cannot have templates: {why}", hint);
}
