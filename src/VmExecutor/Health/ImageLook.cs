using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Standby;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Health;
using VmExecutor.Host.Images;
using VmExecutor.Host.Processes;
using VmExecutor.Host.ProjectDisks;
using VmExecutor.Host.Standby;
using VmExecutor.Host.Templates;

namespace VmExecutor.Health;

/// <summary>Looks at the images: whether jobs of each would get a VM, and whether it would wake up from a template.</summary>
internal sealed class ImageLook(ConfigLook config, LibvirtLook libvirt, ToolEnvironment search, TimeProvider time)
{
    public IReadOnlyList<HealthCheck> All =>
    [
        new(Checks.Images, ImagesAsync),
        new(Checks.Templates, TemplatesAsync),
        new(Checks.Standby, Standby),
        new(Checks.Registry, Registry),
        new(Checks.ProjectDisks, ProjectDisks),
    ];

    /// <summary>The facts about an image's shell that the probe of its current generation found.</summary>
    /// <param name="image">The image.</param>
    /// <param name="stateDir">Where its generations are; null: not known.</param>
    public static ImageShell ShellOf(ImageDefinition image, AbsolutePath? stateDir)
    {
        try
        {
            return new ImageShell(
                image.Name.Value, image.Shell, stateDir is null ? null : ChosenGeneration.For(image, new Catalogue(stateDir)).Generation?.Record.Probe?.NeedsPosixQuoting);
        }
        catch (DriverException)
        {
            // Another check tells of a generation that cannot be used.
            return new ImageShell(image.Name.Value, image.Shell, null);
        }
    }

    /// <summary>The memory that a VM of each image takes, as a job's prepare would decide it.</summary>
    public async Task<IReadOnlyList<ImageMemory>> MemoriesAsync(CancellationToken cancellationToken)
    {
        var found = new List<ImageMemory>();
        foreach (var image in config.Images)
        {
            var memory = await MemoryAsync(image, cancellationToken);
            found.Add(new ImageMemory(image.Name, memory, image.Sizes.MaxMemory?.Bytes, image.File)
            {
                StandbyCount = image.Standby.Count + image.Standby.Sizes.Sum(size => size.Count),
                StandbyBytes = (image.Standby.Count * memory ?? 0) + image.Standby.Sizes.Sum(size => size.Count * (size.Memory?.Bytes ?? memory ?? 0)),
            });
        }

        return found;
    }

    /// <summary>The definition that clones of an image are made from; null: they get the built-in machine, or it is not known.</summary>
    /// <exception cref="DriverException">The image's generation cannot be used, or libvirt does not answer.</exception>
    public async Task<string?> DefinitionAsync(ImageDefinition image, CancellationToken cancellationToken) =>
        ChosenGeneration.For(image, new Catalogue(config.Settings!.StateDir)).Generation is { } generation
            ? await HostFile.ReadAllTextAsync(generation.Domain.Value, cancellationToken)
            : image.Source is ImageSource.Domain domain && await libvirt.TryAskAsync(cancellationToken) is not null
                ? await libvirt.Hypervisor.FindXmlAsync(domain.Name, inactive: true, cancellationToken)
                : null;

    private async Task<IReadOnlyList<Finding>> ImagesAsync(CancellationToken cancellationToken)
    {
        if (!config.HasImages)
        {
            return [Checks.Images.WithoutImages()];
        }

        var states = new List<ImageState>();
        foreach (var image in config.Images)
        {
            states.Add(await ImageAsync(image, cancellationToken));
        }

        return ImageRules.DecideImages(states, libvirt.Hypervisor.Uri, config.File, ShippedFiles.SampleImage);
    }

    private IReadOnlyList<Finding> Registry() =>
        ImageRules.DecideRegistry([.. config.Images.Where(image => image.Source is ImageSource.Registry).Select(image => image.Name)], search.Missing(["skopeo", "zstd"]));

    private IReadOnlyList<Finding> ProjectDisks()
    {
        var images = config.Images.Where(image => image.ProjectDisk.HasDisks()).Select(image => image.Name).ToList();
        var disks = images.Count == 0 ? [] : DiskFolder.List(config.Settings!.StateDir).Disks;
        var places = images.Count == 0 ? [] : new[] { DiskFolder.All(config.Settings!.StateDir), config.Settings!.StateDir.Child(StateFiles.Jobs) };
        return
        [
            .. ImageRules.DecideProjectDisks(
                images, search.Missing(["mke2fs"]).Count == 0, disks.Count, disks.Sum(disk => disk.Bytes()), [.. disks.Where(disk => HostDirectory.Exists(disk.AsidePath.Value)).Select(disk => disk.AsidePath.Name)]),
            .. ImageRules.DecideDiskLabels(SecurityDrivers.Active(), images, [.. places.Select(place => (place, FileLabel.Read(place)))]),
        ];
    }

    private async Task<ImageState> ImageAsync(ImageDefinition image, CancellationToken cancellationToken)
    {
        // Keys have a check of their own.
        var state = new ImageState(image) { FileProblems = [.. ImageFiles.Problems(image).Where(problem => !problem.StartsWith("ssh.key ", StringComparison.Ordinal))] };
        ChosenGeneration chosen;
        try
        {
            chosen = ChosenGeneration.For(image, new Catalogue(config.Settings!.StateDir));
        }
        catch (DriverException e)
        {
            return state with { Failure = e };
        }

        state = state with { Warnings = chosen.Warnings, Generation = chosen.Generation is { } generation ? (generation.Number, generation.Record.Published) : null };
        if (image.Source is not ImageSource.Domain domain)
        {
            return SourceDomains.OfDisk(image) is { } trouble ? state with { Troubles = [trouble] } : state;
        }

        return await libvirt.TryAskAsync(cancellationToken) is null ? state : state with
        {
            Troubles = (await new SourceDomains(libvirt.Hypervisor).OfDomainAsync(domain.Name, image.AllowParts, cancellationToken)).Troubles,
            SourceRuns = await libvirt.Hypervisor.FindStatusAsync(domain.Name, cancellationToken) is { IsAlive: true },
        };
    }

    private async Task<IReadOnlyList<Finding>> TemplatesAsync(CancellationToken cancellationToken)
    {
        if (!config.HasImages || config.Settings is not { } known)
        {
            return [Checks.Templates.WithoutImages()];
        }

        var warm = new ImageLister(known, new Catalogue(known.StateDir)).List().Where(image => image.Definition is { Warm.Enabled: true }).ToList();
        if (warm.Count == 0)
        {
            return [Checks.Templates.Skipped("no image has 'warm: {enabled: true}'")];
        }

        var version = (await libvirt.TryAskAsync(cancellationToken))?.Version;
        return [.. warm.Select(image => ImageRules.DecideTemplates(new TemplateState(
            image.Name, image.CurrentGeneration is not null, [.. (image.CurrentGeneration?.Templates ?? []).Select(template => template.Troubles(version))])))];
    }

    private IReadOnlyList<Finding> Standby()
    {
        if (!config.HasImages || config.Settings is not { } known)
        {
            return [Checks.Standby.WithoutImages()];
        }

        var needs = known.Images.SelectMany(StandbyNeed.Of).ToList();
        var last = new StandbyShelf(known.StateDir).ReadReport();
        return needs.Count == 0
            ? [Checks.Standby.Skipped("no image has 'standby: {count: …}'")]
            : [.. needs.Select(need => ImageRules.DecideStandby(need, last?.LineOf(need), time.GetUtcNow()))];
    }

    private async Task<long?> MemoryAsync(ImageDefinition image, CancellationToken cancellationToken) => image.Memory switch
    {
        { Said: { } said } => said.Bytes,
        { Said: null } => HostRoom.Share(config.Settings!.Limits)?.Memory.Bytes,
        null => await MemoryOfSourceAsync(image, cancellationToken),
    };

    private async Task<long?> MemoryOfSourceAsync(ImageDefinition image, CancellationToken cancellationToken)
    {
        try
        {
            return await DefinitionAsync(image, cancellationToken) is { } xml ? MachineSize.Of(DomainText.Parse(xml), default).Memory.Bytes
                : image.Source is ImageSource.Domain ? null
                : BuiltInMachine.DefaultMemory.Bytes;
        }
        catch (Exception e) when (e is DriverException || HostFileException.Explains(e))
        {
            // Another check says why the image cannot be used.
            return null;
        }
    }
}
