using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Images.Registries;
using VmExecutor.Core.Images.Sources;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Images.Sources;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Images.Registries;

/// <summary>
/// <c>image push</c>: packs a generation as an OCI artifact and lets skopeo copy it. It reads of the generation's directory the domain XML and the files of the record, and nothing else that
/// may lie there.
/// </summary>
public sealed class GenerationPush
{
    private readonly Skopeo _skopeo;
    private readonly Zstandard _zstandard;
    private readonly TimeProvider _clock;

    /// <param name="variables">The environment of the user who pushes.</param>
    /// <param name="clock">The clock.</param>
    public GenerationPush(IReadOnlyDictionary<string, string> variables, TimeProvider clock)
    {
        var environment = new ToolEnvironment(variables);
        (_skopeo, _zstandard, _clock) = (new Skopeo(new ToolRunner(environment.With(variables, Skopeo.Variables), clock), clock), new Zstandard(environment, clock), clock);
    }

    /// <summary>Told how much of the generation has been sent, or was there.</summary>
    public Action<TransferAmount> Show { get; init; } = _ => { };

    /// <returns>The digest of the manifest.</returns>
    /// <param name="generation">The generation; its image is locked.</param>
    /// <param name="reference">By tag.</param>
    /// <param name="authFile">The logins; null: skopeo's own.</param>
    /// <param name="work">Made, and removed at the end.</param>
    /// <param name="tell">Gets a line now and then.</param>
    /// <param name="cancellationToken">Ends it; the tag stays what it was.</param>
    /// <exception cref="SystemFailureException">The generation cannot be pushed, or the registry does not take it.</exception>
    public async Task<string> RunAsync(Generation generation, OciReference reference, AbsolutePath? authFile, AbsolutePath work, Action<string> tell, CancellationToken cancellationToken)
    {
        EnsurePushable(generation);
        Skopeo.EnsureLogins(authFile, reference, "pushed");
        if (HostDirectory.Exists(work.Value))
        {
            GenerationRemover.Delete(work);
        }

        var layout = new BlobDirectory(work);
        layout.Begin();
        try
        {
            var manifest = await PackAsync(generation, layout, tell, cancellationToken).ConfigureAwait(false);
            layout.Complete(manifest);
            tell($"pushing it to {reference}; blobs that are there are not sent");
            await new DownloadAttempts(_clock).RunAsync(
                $"{reference} could not be pushed",
                ErrorCodes.RegistryFailed,
                "See whether the registry is up and reachable from this host, then push again: blobs that have arrived are not sent again.",
                token => _skopeo.PushAsync(layout, reference, authFile, new PushProgress(layout, $"pushing to {reference}", Show).Hear, token),
                tell,
                cancellationToken).ConfigureAwait(false);
            return manifest.Digest;
        }
        finally
        {
            GenerationRemover.Delete(work);
        }
    }

    private static void EnsurePushable(Generation generation)
    {
        var (record, damage) = (generation.Record, GenerationFiles.Damage(generation));
        if (record.InPlace || record.Probe is null || damage.Count > 0)
        {
            throw new SystemFailureException(
                record.InPlace ? ErrorCodes.OciImageUnusable : ErrorCodes.GenerationDamaged,
                $"generation {record.Number} of image '{record.Image}' cannot be pushed: {(record.InPlace ? "it was published in place, so its disks are not its own" : record.Probe is null ? "it has not passed a probe" : string.Join("; ", damage))}",
                record.InPlace ? "Publish it without 'publish: {in_place: true}'." : "Publish the image again, or push another generation.");
        }
    }

    private async Task<OciDescriptor> PackAsync(Generation generation, BlobDirectory layout, Action<string> tell, CancellationToken cancellationToken)
    {
        var record = generation.Record;
        var frozen = DomainText.Parse(await HostFile.ReadAllTextAsync(generation.Domain.Value, cancellationToken).ConfigureAwait(false));
        var layers = new Dictionary<string, OciDescriptor>(StringComparer.Ordinal);
        Put(layout, layers, GenerationArtifact.DomainKind, Encoding.UTF8.GetBytes(ArtifactDomain.ForPush(frozen).ToString()));
        var (before, total) = (0L, record.Files.Sum(file => file.Bytes));
        var progress = new TransferProgress($"packing generation {record.Number}", 0, total, _clock, tell);
        var files = new List<ArtifactFile>();
        foreach (var file in record.Files)
        {
            var offset = before;
            files.Add(await PackFileAsync(generation, file, layout, layers, position => progress.Report(offset + position), cancellationToken).ConfigureAwait(false));
            before += file.Bytes;
        }

        if (files.Sum(file => file.Chunks.Count) > GenerationArtifact.MostChunks)
        {
            throw new SystemFailureException(
                ErrorCodes.OciImageUnusable,
                string.Create(CultureInfo.InvariantCulture, $"generation {record.Number} of image '{record.Image}' is too large to be pushed: it has {files.Sum(file => file.Chunks.Count)} chunks, and a manifest has {GenerationArtifact.MostChunks} at most"),
                "Make its disk smaller (virt-sparsify, fstrim), or give it to the other hosts by 'source: url'.");
        }

        var artifact = new GenerationArtifact
        {
            Image = record.Image,
            Number = record.Number,
            Published = record.Published,
            Driver = record.Driver,
            Architecture = (string?)frozen.Element("os")?.Element("type")?.Attribute("arch") ?? HostArchitecture.Name,
            Tools = record.Tools,
            HostKeys = [.. (record.Probe?.HostKeys ?? []).Select(key => string.Join(' ', key.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(2))).Where(GenerationArtifact.IsPublicKey)],
            Files = files,
        };
        var config = Put(layout, [], GenerationArtifact.Kind, Encoding.UTF8.GetBytes(artifact.ToJson()));
        tell(string.Create(CultureInfo.InvariantCulture, $"packed into {Quantity.Of(layers.Count, "blob")} of {layers.Values.Sum(layer => layer.Size) / (double)(1 << 20):0.0} MiB"));
        return Put(layout, [], OciManifest.OciKind, Manifest(config, [.. layers.Values]));
    }

    private async Task<ArtifactFile> PackFileAsync(
        Generation generation, GenerationFile file, BlobDirectory layout, Dictionary<string, OciDescriptor> layers, Action<long> progress, CancellationToken cancellationToken)
    {
        var cut = new Queue<(long Offset, byte[] Content)>();
        var cutter = new ChunkCutter(file.Bytes, (offset, content) => cut.Enqueue((offset, content.ToArray())));
        var chunks = new List<ArtifactChunk>();
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var content = HostFile.OpenRead(generation.PathOf(file).Value);
        var block = ArrayPool<byte>.Shared.Rent(ChunkCutter.Block);
        int read;
        do
        {
            read = await content.ReadAtLeastAsync(block.AsMemory(0, ChunkCutter.Block), ChunkCutter.Block, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            sum.AppendData(block.AsSpan(0, read));
            if (read > 0)
            {
                cutter.Add(block.AsSpan(0, read));
            }

            if (read < ChunkCutter.Block)
            {
                cutter.Complete();
            }

            while (cut.TryDequeue(out var chunk))
            {
                var blob = Put(layout, layers, GenerationArtifact.ChunkKind, await _zstandard.PackAsync(chunk.Content, cancellationToken).ConfigureAwait(false));
                chunks.Add(new ArtifactChunk(chunk.Offset, chunk.Content.Length, blob.Hex, blob.Size));
                progress(chunk.Offset);
            }
        }
        while (read == ChunkCutter.Block);
        ArrayPool<byte>.Shared.Return(block);
        return Convert.ToHexStringLower(sum.GetHashAndReset()) is var found && found == file.Sha256
            ? new ArtifactFile(file.Role, file.Path, file.Format, file.Bytes, found, chunks)
            : throw new SystemFailureException(
                ErrorCodes.GenerationDamaged,
                $"{generation.PathOf(file)} of generation {generation.Number} was changed since it was published: its checksum is {found} and was {file.Sha256}",
                "Publish the image again, or push another generation.");
    }

    private static OciDescriptor Put(BlobDirectory layout, Dictionary<string, OciDescriptor> layers, string kind, byte[] content)
    {
        var blob = new OciDescriptor(kind, $"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}", content.Length);
        if (layers.TryAdd(blob.Digest, blob))
        {
            HostFile.WriteAllBytes(layout.PathOf(blob.Hex).Value, content);
        }

        return blob;
    }

    private static byte[] Manifest(OciDescriptor config, IReadOnlyList<OciDescriptor> layers)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("schemaVersion", 2);
            json.WriteString("mediaType", OciManifest.OciKind);
            json.WriteString("artifactType", GenerationArtifact.Kind);
            json.WritePropertyName("config");
            Write(json, config);
            json.WriteStartArray("layers");
            foreach (var layer in layers)
            {
                Write(json, layer);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, OciDescriptor blob)
    {
        json.WriteStartObject();
        json.WriteString("mediaType", blob.MediaType);
        json.WriteString("digest", blob.Digest);
        json.WriteNumber("size", blob.Size);
        json.WriteEndObject();
    }
}
