using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Host;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images.Registries;
using VmExecutor.Host.Images.Sources;

namespace VmExecutor.Publishing;

/// <summary>
/// Opens the source that an image is published from: an existing domain or file, or a disk that is downloaded or built for it.
/// </summary>
internal sealed class PublishSource(Machine machine)
{
    private readonly SourceFingerprints _fingerprints = new(machine.Variables, machine.Tools, machine.Time);

    /// <summary>The kind as the record has it, and the name.</summary>
    public static (string Kind, string Name) Describe(ImageSource source) => source switch
    {
        ImageSource.Domain domain => ("domain", domain.Name),
        ImageSource.DiskFile file => ("file", file.Path.Value),
        ImageSource.Download download => ("url", download.Address.ToString()),
        ImageSource.Build build => ("build", build.Recipe.Value),
        ImageSource.Registry registry => ("oci", registry.Reference.ToString()),
        _ => throw new InvalidOperationException($"no such source: {source}"),
    };

    /// <summary>The domain's name when it runs, so that its disks change all the time; null: there is nothing of the kind.</summary>
    public async Task<string?> FindRunningAsync(ImageDefinition image, CancellationToken cancellationToken) =>
        image.Source is ImageSource.Domain domain
        && await machine.Hypervisor.FindStatusAsync(domain.Name, cancellationToken) is { IsAlive: true }
            ? domain.Name
            : null;

    /// <summary>Looks at it, without fetching anything: a domain is shut off, if that is allowed, so that its disks are whole.</summary>
    public async Task<OpenedSource> OpenAsync(ImageDefinition image, PublishLog log, CancellationToken cancellationToken)
    {
        var paths = ImagePaths.For(machine.StateDir, image.Name);
        switch (image.Source)
        {
            case ImageSource.Download download:
                return new OpenedSource(await _fingerprints.OfAsync(image, cancellationToken), IsOurs: true, async token => await ReadDiskAsync(
                    image, await new DownloadSource(machine.ToolEnvironment, machine.Time).FetchAsync(image.Name, download, paths.Download, log.Say, token), log, token));
            case ImageSource.Build build:
                return new OpenedSource(await _fingerprints.OfAsync(image, cancellationToken), IsOurs: true, async token => await ReadDiskAsync(
                    image, await new BuildSource(machine.Variables, machine.Tools, machine.Time) { Show = log.Show }.RunAsync(image, build, paths.Build, paths.BuildLog, log.Job.Say, token), log, token));
            case ImageSource.Registry registry:
                var found = await new RegistrySource(machine.Variables, machine.Time).LookAsync(registry, log.Say, cancellationToken);
                return new OpenedSource(SourceFingerprints.OfManifest(found.Digest), IsOurs: true, token => PullAsync(image, registry, found, log, token)) { Digest = found.Digest };
            default:
                var notes = await ReviewAsync(image, cancellationToken);
                var xml = await machine.CloneSource.ReadAsync(image, log.Say, cancellationToken);
                return new OpenedSource(await FingerprintAsync(xml, cancellationToken), IsOurs: false, _ => Task.FromResult(new FetchedSource(xml))) { Notes = notes };
        }
    }

    /// <summary>Checks that the domain was not started and its disks were not written to while they were copied.</summary>
    /// <exception cref="SystemFailureException">It was started, or they were written to.</exception>
    public async Task EnsureUnchangedAsync(ImageDefinition image, OpenedSource opened, XElement before, CancellationToken cancellationToken)
    {
        if (!opened.IsOurs
            && (await FindRunningAsync(image, cancellationToken) is not null || await FingerprintAsync(before, cancellationToken) != opened.Fingerprint))
        {
            var (kind, name) = Describe(image.Source);
            throw new SystemFailureException(
                ErrorCodes.SourceChangedMeanwhile,
                $"the {kind} '{name}' of image '{image.Name}' was started or changed while it was copied; the copy was thrown away",
                "Leave it alone until publishing is over, then publish again.");
        }
    }

    /// <summary>Reviews whether jobs can have clones of it, before a domain is asked to shut down and anything is copied.</summary>
    /// <returns>What an administrator should know, a sentence each.</returns>
    /// <exception cref="SystemFailureException">They cannot; all reasons are named.</exception>
    private async Task<IReadOnlyList<string>> ReviewAsync(ImageDefinition image, CancellationToken cancellationToken)
    {
        if (image.Source is not ImageSource.Domain domain || await new SourceDefinitions(machine.Hypervisor).FindAsync(domain.Name, cancellationToken) is not { } definition)
        {
            return [];
        }

        GuestArchitecture.EnsureKnown(definition.Xml, $"image '{image.Name}'");
        DomainReview.Demand(definition.Xml, ClonePurpose.Job, image.AllowParts);
        var notes = PartWords.Notes(DomainReview.Of(definition.Xml, ClonePurpose.Job, image.AllowParts));
        return [.. definition.Remarks, .. LibvirtUri.IsRemote(machine.Hypervisor.Uri) ? [] : SourceMedia.Missing(definition.Xml), .. notes];
    }

    private async Task<FetchedSource> ReadDiskAsync(ImageDefinition image, SourceFiles files, PublishLog log, CancellationToken cancellationToken) => new(await machine.CloneSource.ReadAsync(
        image with { Source = new ImageSource.DiskFile(files.Disk) { Format = files.Format, Kernel = files.Kernel } }, log.Say, cancellationToken));

    private async Task<FetchedSource> PullAsync(ImageDefinition image, ImageSource.Registry source, FoundImage found, PublishLog log, CancellationToken cancellationToken)
    {
        var paths = ImagePaths.For(machine.StateDir, image.Name);
        var pulled = await new RegistrySource(machine.Variables, machine.Time) { KeepFree = machine.Settings.Limits.DiskWatermark }.PullAsync(source, found, machine.Catalogue.Of(image.Name), paths.Blobs, paths.Pull, log.Say, cancellationToken);
        if (pulled is not { Artifact: { } artifact, Domain: { } domain })
        {
            return await ReadDiskAsync(image, pulled.Disk!, log, cancellationToken) with { Pulled = pulled };
        }

        log.Say($"it is generation {artifact.Number} of image '{artifact.Image}', published {artifact.Published.ToLocalTime():yyyy-MM-dd HH:mm} on the host that pushed it");
        GuestArchitecture.EnsureKnown(domain, $"image '{image.Name}'");
        DomainReview.Demand(domain, ClonePurpose.Job, image.AllowParts);
        return new FetchedSource(domain) { Pulled = pulled };
    }

    /// <summary>Changes when a source's hardware or the content of its disks does, as far as their files' inodes tell.</summary>
    private async Task<string> FingerprintAsync(XElement source, CancellationToken cancellationToken)
    {
        var text = new StringBuilder(source.ToString());
        foreach (var (role, path, format) in FrozenDomain.FilesOf(source))
        {
            // A disk counts with all that it stands on.
            IReadOnlyList<BaseFingerprint> state = FrozenDomain.IsDisk(role)
                ? BaseFingerprints.Of([await machine.QemuImg.InspectAsync(path, format, cancellationToken)])
                : BaseFingerprints.Of(path) is { } single ? [single] : [];
            text.Append('\n').Append(role).AppendJoin(' ', state);
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..32];
    }
}

/// <summary>A source that was looked at.</summary>
/// <param name="Fingerprint">Changes when publishing anew would give something else.</param>
/// <param name="IsOurs">Its disks are made for the generation, so they need not be copied.</param>
/// <param name="FetchAsync">Brings it here, as domain XML.</param>
internal sealed record OpenedSource(string Fingerprint, bool IsOurs, Func<CancellationToken, Task<FetchedSource>> FetchAsync)
{
    /// <summary>Of the registry's manifest; null: another source.</summary>
    public string? Digest { get; init; }

    /// <summary>Facts about its clones that an administrator should know, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>A source that was brought here.</summary>
/// <param name="Xml">Its domain XML.</param>
internal sealed record FetchedSource(XElement Xml)
{
    /// <summary>Null: another source than a registry.</summary>
    public PulledImage? Pulled { get; init; }
}
