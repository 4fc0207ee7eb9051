using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Images.Registries;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Images.Sources;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Images.Registries;

/// <summary><c>source: oci</c>: pulls an image of a registry, verifies each blob, and takes the disk out of it, or the generation that another host pushed.</summary>
public sealed class RegistrySource
{
    private const long Addition = 64 << 20; // what skopeo may have in addition while it works
    private const int Sector = 512;
    private readonly Skopeo _skopeo;
    private readonly ToolEnvironment _environment;
    private readonly TimeProvider _clock;

    /// <param name="variables">The environment of the user who publishes.</param>
    /// <param name="clock">The clock.</param>
    public RegistrySource(IReadOnlyDictionary<string, string> variables, TimeProvider clock)
    {
        (_environment, _clock) = (new ToolEnvironment(variables), clock);
        _skopeo = new Skopeo(new ToolRunner(_environment.With(variables, Skopeo.Variables), clock), clock);
    }

    /// <summary>The room that must stay free on the disk of the state directory.</summary>
    public ByteSize KeepFree { get; init; } = ByteSize.FromMebibytes(64);

    private static string Platform => HostArchitecture.Name switch { "x86_64" => "amd64", "aarch64" => "arm64", var other => other };

    /// <summary>Asks for the manifest alone.</summary>
    /// <exception cref="SystemFailureException">The registry does not give it.</exception>
    public async Task<FoundImage> LookAsync(ImageSource.Registry source, Action<string> tell, CancellationToken cancellationToken)
    {
        var text = await ManifestAsync(source.Reference, source.AuthFile, tell, cancellationToken).ConfigureAwait(false);
        return new FoundImage(KeptArtifact.DigestOf(text), text);
    }

    /// <summary>Brings it here.</summary>
    /// <param name="source">The source.</param>
    /// <param name="found">Its manifest.</param>
    /// <param name="generations">The image's on this host: the blobs of those that came from a registry stay, and those of an image that was refused since go.</param>
    /// <param name="blobs">The directory of blobs; those that are there are not fetched.</param>
    /// <param name="work">Made; what comes out of the blobs lies in it.</param>
    /// <param name="tell">Gets a line now and then.</param>
    /// <param name="cancellationToken">Ends it; whole blobs stay.</param>
    /// <exception cref="SystemFailureException">It cannot be pulled, or is nothing that can be used; the message says why.</exception>
    public async Task<PulledImage> PullAsync(
        ImageSource.Registry source, FoundImage found, IReadOnlyList<Generation> generations, AbsolutePath blobs, AbsolutePath work, Action<string> tell, CancellationToken cancellationToken)
    {
        var layout = new BlobDirectory(blobs);
        layout.Begin();
        if (HostDirectory.Exists(work.Value))
        {
            HostDirectory.Delete(work.Value, recursive: true);
        }

        StateDirectories.Make(work, StateDirectories.Private);
        try
        {
            var (reference, manifest) = await ChooseAsync(source, found, tell, cancellationToken).ConfigureAwait(false);
            if (manifest.Layers.Any(layer => layer.IsElsewhere))
            {
                throw new InvalidDataException("a layer of it lies at another address (urls), and layers are taken from the registry alone");
            }

            var known = generations.Select(KeptArtifact.TryRead).OfType<KeptArtifact>().SelectMany(kept => kept.Blobs);
            layout.Prune(known.Concat(manifest.Layers.Append(manifest.Config!).Select(blob => blob.Hex)).ToHashSet(StringComparer.Ordinal));
            manifest = await FetchAsync(source, reference, manifest, layout, tell, cancellationToken).ConfigureAwait(false);
            return manifest.Config!.MediaType == GenerationArtifact.Kind
                ? await new ArtifactReader(layout, _environment, _clock).ReadAsync(manifest, work, new RoomGuard(work, KeepFree, $"unpacking {source.Reference}"), tell, cancellationToken).ConfigureAwait(false)
                : await TakeDiskAsync(source, manifest, layout, work, tell, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidDataException e)
        {
            throw Unusable(source.Reference, e.Message, e);
        }
    }

    /// <summary>After publishing: a pushed generation's blobs stay, since the next generation shares most of them; those of other images go.</summary>
    /// <exception cref="SystemFailureException">They do not go, or what names them cannot be written.</exception>
    public static void Keep(AbsolutePath blobs, PulledImage? pulled, Generation made)
    {
        if (pulled?.Artifact is not null)
        {
            KeptArtifact.Write(made, new BlobDirectory(blobs));
            new BlobDirectory(blobs).Prune(pulled.Blobs.ToHashSet(StringComparer.Ordinal));
        }
        else if (HostDirectory.Exists(blobs.Value))
        {
            GenerationRemover.Delete(blobs);
        }
    }

    private async Task<string> ManifestAsync(OciReference reference, AbsolutePath? authFile, Action<string> tell, CancellationToken cancellationToken)
    {
        var text = "";
        await AttemptAsync(reference, async token => text = await _skopeo.ManifestAsync(reference, authFile, token).ConfigureAwait(false), tell, cancellationToken).ConfigureAwait(false);
        return reference.Digest is null || reference.Digest == KeptArtifact.DigestOf(text)
            ? text
            : throw new SystemFailureException(
                ErrorCodes.ImageChecksumWrong, $"the registry gives a manifest for {reference} whose digest is {KeptArtifact.DigestOf(text)}", "Something between this host and the registry changes it: do not use it.");
    }

    private Task AttemptAsync(OciReference reference, Func<CancellationToken, Task> attempt, Action<string> tell, CancellationToken cancellationToken) => new DownloadAttempts(_clock).RunAsync(
        $"{reference} could not be pulled",
        ErrorCodes.RegistryFailed,
        $"See whether the registry is up and reachable from this host (skopeo inspect --raw {reference.ForSkopeo}; a proxy is taken from http_proxy, https_proxy and no_proxy), then publish again: blobs that have come are kept.",
        attempt,
        tell,
        cancellationToken);

    private async Task<(OciReference Reference, OciManifest Manifest)> ChooseAsync(ImageSource.Registry source, FoundImage found, Action<string> tell, CancellationToken cancellationToken)
    {
        var top = OciManifest.TryParse(found.Manifest) ?? throw Unusable(source.Reference, "it is no image: the registry gives neither an OCI manifest nor one of Docker's schema 2");
        if (top.Config is not null)
        {
            return (source.Reference.At(found.Digest), top);
        }

        if (top.For(Platform) is not [{ Manifest: var chosen }, ..])
        {
            throw Unusable(
                source.Reference,
                $"it is for other processors than this host's ({Platform}): {string.Join(", ", top.Platforms.Select(one => $"{one.System ?? "?"}/{one.Architecture ?? "?"}").Distinct().Take(10).Select(text => PlainText.OneLine(text, 60)))}");
        }

        var reference = source.Reference.At(chosen.Digest);
        var text = await ManifestAsync(reference, source.AuthFile, tell, cancellationToken).ConfigureAwait(false);
        return OciManifest.TryParse(text) is { Config: not null } manifest ? (reference, manifest) : throw Unusable(source.Reference, $"its manifest for {Platform} is no image");
    }

    private async Task<OciManifest> FetchAsync(
        ImageSource.Registry source, OciReference reference, OciManifest manifest, BlobDirectory layout, Action<string> tell, CancellationToken cancellationToken)
    {
        var wanted = manifest.Layers.Append(manifest.Config!).DistinctBy(blob => blob.Digest).ToList();
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var blob in wanted)
        {
            if (await layout.IsWholeAsync(blob, cancellationToken).ConfigureAwait(false))
            {
                known.Add(blob.Digest);
            }
        }

        var missing = wanted.Where(blob => !known.Contains(blob.Digest)).Sum(blob => blob.Size);
        var before = layout.Length();
        layout.Room(KeepFree, $"pulling {source.Reference}").Ensure(missing);
        tell(string.Create(
            CultureInfo.InvariantCulture,
            $"pulling {source.Reference} ({reference.Digest}): {missing / (double)(1 << 20):0.0} MiB in {wanted.Count - known.Count} of {Quantity.Of(wanted.Count, "blob")}; the others are here"));
        var progress = new TransferProgress($"pulling {source.Reference.Name}", before, before + missing, _clock, tell);
        await AttemptAsync(
            source.Reference,
            token => _skopeo.PullAsync(reference, manifest.IsDocker, source.AuthFile, layout, before + missing + Addition, progress, token),
            tell,
            cancellationToken).ConfigureAwait(false);

        // Docker's kind of manifest was written anew, with the same layers unless they were not packed.
        var text = layout.ReadManifest();
        if (!manifest.IsDocker && KeptArtifact.DigestOf(text) != reference.Digest)
        {
            throw new SystemFailureException(ErrorCodes.ImageChecksumWrong, $"what was pulled as {source.Reference} has another digest: {KeptArtifact.DigestOf(text)}", "Publish again.");
        }

        var pulled = OciManifest.TryParse(text) is { Config: not null } image ? image : throw Unusable(source.Reference, "its manifest cannot be read");
        foreach (var blob in pulled.Layers.Append(pulled.Config!).Where(blob => !known.Contains(blob.Digest)).DistinctBy(blob => blob.Digest))
        {
            if (!await layout.IsWholeAsync(blob, cancellationToken).ConfigureAwait(false))
            {
                throw new SystemFailureException(
                    ErrorCodes.ImageChecksumWrong, $"blob {blob.Digest} of {source.Reference} did not come whole", "Publish again; if it fails again, push the image again.");
            }
        }

        tell($"pulled {source.Reference}: all digests are right");
        return pulled;
    }

    private async Task<PulledImage> TakeDiskAsync(
        ImageSource.Registry source, OciManifest manifest, BlobDirectory layout, AbsolutePath work, Action<string> tell, CancellationToken cancellationToken)
    {
        EnsurePlatform(layout.ReadText(manifest.Config!));
        var layers = manifest.Layers.Select(layer => layout.PathOf(layer.Hex)).ToList();
        var reader = new LayerReader(_environment, _clock);
        var disk = await reader.FindAsync(layers, cancellationToken).ConfigureAwait(false);
        var target = work.Child("disk");
        var progress = new TransferProgress($"taking /disk/{PlainText.OneLine(disk.Name, 100)} out of it", 0, disk.Length, _clock, tell);
        if (disk.Length < Sector)
        {
            throw new InvalidDataException($"its /disk/{PlainText.OneLine(disk.Name, 100)} has {Quantity.Of(disk.Length, "byte")}, which is no disk");
        }

        var room = new RoomGuard(work, KeepFree, $"unpacking {source.Reference}");
        await reader.ExtractAsync(layers[disk.Layer], disk, target, Report, cancellationToken).ConfigureAwait(false);
        var format = DiskCheck.FormatOf(target, $"its /disk/{PlainText.OneLine(disk.Name, 100)}");
        if (disk.Name.EndsWith(".qcow2", StringComparison.Ordinal) && format != DiskFormat.Qcow2)
        {
            throw new InvalidDataException($"its /disk/{PlainText.OneLine(disk.Name, 100)} is no qcow2 file");
        }

        return new PulledImage(new SourceFiles(target, source.Format ?? format, source.Kernel), null, null, []);

        void Report(long bytes)
        {
            room.Written(bytes);
            progress.Report(bytes);
        }
    }

    private static void EnsurePlatform(string config)
    {
        if (OciManifest.ArchitectureOf(config) is { Length: > 0 } architecture && architecture != Platform)
        {
            throw new InvalidDataException($"it is for other processors than this host's ({Platform}): {PlainText.OneLine(architecture, 60)}");
        }
    }

    private static SystemFailureException Unusable(OciReference reference, string why, Exception? inner = null) => new(
        ErrorCodes.OciImageUnusable,
        $"{reference} cannot be used as an image: {why}",
        "An image is a container image with one disk in /disk (KubeVirt's containerDisk), or what 'vm-executor image push' made. Jobs go on with the current generation.",
        inner);
}

/// <summary>A manifest in a registry.</summary>
/// <param name="Digest">Its digest.</param>
/// <param name="Manifest">Its text.</param>
public sealed record FoundImage(string Digest, string Manifest);

/// <summary>The content of a registry's image on this host.</summary>
/// <param name="Disk">The disk of a container image; null: it is a generation.</param>
/// <param name="Artifact">The generation that another host pushed; its files lie in the directory of the pull.</param>
/// <param name="Domain">Its domain XML.</param>
/// <param name="Blobs">The checksums of its blobs.</param>
public sealed record PulledImage(SourceFiles? Disk, GenerationArtifact? Artifact, System.Xml.Linq.XElement? Domain, IReadOnlyList<string> Blobs);
