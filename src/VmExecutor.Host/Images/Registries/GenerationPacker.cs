using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Images.Registries;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Images.Sources;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Images.Registries;

/// <summary>
/// Packs a generation as an OCI artifact. It reads of the generation's directory the domain XML and the files of the record, and nothing else that may lie there.
/// </summary>
/// <param name="layout">Gets the blobs that are not in the registry.</param>
/// <param name="room">Ends it where the host's disk gets full.</param>
/// <param name="zstandard">Packs the chunks.</param>
/// <param name="clock">The clock.</param>
/// <param name="tell">Gets a line now and then.</param>
internal sealed class GenerationPacker(BlobDirectory layout, RoomGuard room, Zstandard zstandard, TimeProvider clock, Action<string> tell)
{
    private readonly List<ArtifactChunk> _chunks = [];
    private long _written;
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);

    /// <param name="generation">The generation.</param>
    /// <param name="earlier">An earlier one whose chunks the registry has; null: all is packed.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The manifest, which lies in the layout; null: with the earlier one's chunks the record would be too long.</returns>
    public async Task<OciDescriptor?> PackAsync(Generation generation, KeptArtifact? earlier, CancellationToken cancellationToken)
    {
        var record = generation.Record;
        var frozen = DomainText.Parse(await HostFile.ReadAllTextAsync(generation.Domain.Value, cancellationToken).ConfigureAwait(false));
        var domain = Put(GenerationArtifact.DomainKind, Encoding.UTF8.GetBytes(ArtifactDomain.ForPush(frozen).ToString()));
        foreach (var file in record.Files)
        {
            await EnsureUnchangedAsync(generation, file, cancellationToken).ConfigureAwait(false);
        }

        var reused = earlier is null
            ? new Dictionary<string, IReadOnlyList<ReusedRange>>()
            : await ReuseAsync(generation, earlier, cancellationToken).ConfigureAwait(false);
        var (before, total) = (0L, record.Files.Sum(file => file.Bytes));
        var progress = new TransferProgress($"packing generation {record.Number}", 0, total, clock, tell);
        var files = new List<ArtifactFile>();
        foreach (var file in record.Files)
        {
            var offset = before;
            var ranges = reused.GetValueOrDefault(file.Role, []);
            var pieces = Name(earlier, ranges);
            pieces.AddRange(await PackFileAsync(generation.PathOf(file), file.Bytes, ranges, position => progress.Report(offset + position), cancellationToken).ConfigureAwait(false));
            files.Add(new ArtifactFile(file.Role, file.Path, file.Format, file.Bytes, file.Sha256!, [.. pieces.OrderBy(piece => piece.Offset)]));
            before += file.Bytes;
        }

        if (_chunks.Count > GenerationArtifact.MostChunks || files.Sum(file => file.Pieces.Count) > GenerationArtifact.MostPieces)
        {
            return earlier is not null ? null : throw new SystemFailureException(
                ErrorCodes.OciImageUnusable,
                string.Create(CultureInfo.InvariantCulture, $"generation {record.Number} of image '{record.Image}' is too large to be pushed: it has {_chunks.Count} chunks, and a manifest has {GenerationArtifact.MostChunks} at most"),
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
            HostKeys = [.. (record.Probe?.HostKeys ?? []).Select(GenerationArtifact.WithoutComment).Where(GenerationArtifact.IsPublicKey)],
            Files = files,
            Chunks = _chunks,
        };
        var config = Put(GenerationArtifact.Kind, Encoding.UTF8.GetBytes(artifact.ToJson()));
        tell($"packed into {Quantity.Of(_chunks.Count, "blob")} of {Mebibytes(_chunks)}{(earlier is null ? "" : $"; {Mebibytes(_chunks.Where(IsInRegistry))} of it the registry has since generation {earlier.Generation.Number}")}");
        return Put(OciManifest.OciKind, Manifest(config, [domain, .. _chunks.Select(chunk => new OciDescriptor(GenerationArtifact.ChunkKind, $"sha256:{chunk.Blob}", chunk.Size))]));
    }

    private static async Task EnsureUnchangedAsync(Generation generation, GenerationFile file, CancellationToken cancellationToken)
    {
        if (await FileChecksum.Sha256Async(generation.PathOf(file), _ => { }, cancellationToken).ConfigureAwait(false) is var found && found != file.Sha256)
        {
            throw new SystemFailureException(
                ErrorCodes.GenerationDamaged,
                $"{generation.PathOf(file)} of generation {generation.Number} was changed since it was published: its checksum is {found} and was {file.Sha256}",
                "Publish the image again, or push another generation.");
        }
    }

    /// <summary>Compares the files with those of the earlier generation, as far as these are still what was pushed.</summary>
    private async Task<Dictionary<string, IReadOnlyList<ReusedRange>>> ReuseAsync(Generation generation, KeptArtifact earlier, CancellationToken cancellationToken)
    {
        tell($"comparing generation {generation.Number} with generation {earlier.Generation.Number}, which the registry has");
        var compared = new List<(string Role, ArtifactFile Earlier, IReadOnlyList<SharedRange> Shared)>();
        foreach (var file in generation.Record.Files)
        {
            if (earlier.Artifact.Files.FirstOrDefault(one => one.Role == file.Role) is { } known
                && earlier.Generation.Record.Files.FirstOrDefault(one => one.Role == file.Role && one.Sha256 == known.Sha256) is { } before
                && GenerationFiles.Damage(earlier.Generation.PathOf(before), before) is null)
            {
                compared.Add((file.Role, known, await CompareAsync(generation.PathOf(file), earlier.Generation.PathOf(before), known.Sha256, cancellationToken).ConfigureAwait(false)));
            }
        }

        var chosen = ChunkReuse.Choose(earlier.Artifact, [.. compared.Select(one => (one.Earlier, one.Shared))]);
        return compared.Zip(chosen).ToDictionary(pair => pair.First.Role, pair => pair.Second, StringComparer.Ordinal);
    }

    private static async Task<IReadOnlyList<SharedRange>> CompareAsync(AbsolutePath path, AbsolutePath earlier, string sha256, CancellationToken cancellationToken)
    {
        using var known = HostFile.OpenHandle(earlier.Value);
        var shared = new SharedRanges((offset, target) => ReadFully(known, offset, target));
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await ForEachBlockAsync(earlier, 0, long.MaxValue, (offset, block) =>
        {
            sum.AppendData(block.Span);
            shared.Know(offset, block.Span);
            return Task.CompletedTask;
        }, cancellationToken).ConfigureAwait(false);
        if (Convert.ToHexStringLower(sum.GetHashAndReset()) != sha256)
        {
            return [];
        }

        await ForEachBlockAsync(path, 0, long.MaxValue, (_, block) =>
        {
            shared.Add(block.Span);
            return Task.CompletedTask;
        }, cancellationToken).ConfigureAwait(false);
        return shared.Found;
    }

    private static int ReadFully(Microsoft.Win32.SafeHandles.SafeFileHandle file, long offset, Span<byte> target)
    {
        var count = 0;
        while (count < target.Length && RandomAccess.Read(file, target[count..], offset + count) is > 0 and var read)
        {
            count += read;
        }

        return count;
    }

    /// <summary>The pieces that lie in the earlier generation's chunks, by the numbers that these have here.</summary>
    private List<ArtifactPiece> Name(KeptArtifact? earlier, IReadOnlyList<ReusedRange> ranges)
    {
        var pieces = new List<ArtifactPiece>();
        foreach (var range in ranges)
        {
            if (range.Chunk is { } chunk)
            {
                var number = Number(earlier!.Artifact.Chunks[chunk]);
                if (pieces is [.., var last] && last.Chunk == number && last.Offset + last.Length == range.Offset && last.At + last.Length == range.At)
                {
                    pieces[^1] = last with { Length = last.Length + (int)range.Length };
                }
                else
                {
                    pieces.Add(new ArtifactPiece(range.Offset, (int)range.Length, number, range.At));
                }
            }
        }

        return pieces;
    }

    private async Task<IReadOnlyList<ArtifactPiece>> PackFileAsync(AbsolutePath path, long bytes, IReadOnlyList<ReusedRange> reused, Action<long> progress, CancellationToken cancellationToken)
    {
        var cut = new Queue<(byte[] Content, IReadOnlyList<CutPiece> Pieces)>();
        var cutter = new ChunkCutter(bytes, (content, parts) => cut.Enqueue((content.ToArray(), parts)));
        var pieces = new List<ArtifactPiece>();
        var position = 0L;
        foreach (var range in reused)
        {
            await AddAsync(range.Offset).ConfigureAwait(false);
            cutter.Skip(range.Length);
            position = range.Offset + range.Length;
        }

        await AddAsync(bytes).ConfigureAwait(false);
        cutter.Complete();
        await DrainAsync().ConfigureAwait(false);
        return pieces;

        async Task AddAsync(long end) => await ForEachBlockAsync(path, position, end, async (_, block) =>
        {
            cutter.Add(block.Span);
            await DrainAsync().ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);

        async Task DrainAsync()
        {
            while (cut.TryDequeue(out var chunk))
            {
                var blob = Put(GenerationArtifact.ChunkKind, await zstandard.PackAsync(chunk.Content, cancellationToken).ConfigureAwait(false));
                var number = Number(new ArtifactChunk(blob.Hex, blob.Size, chunk.Content.Length));
                pieces.AddRange(chunk.Pieces.Select(part => new ArtifactPiece(part.Offset, part.Length, number, part.At)));
                progress(chunk.Pieces[^1].Offset);
            }
        }
    }

    /// <summary>Reads a part of a file in blocks that end where a block of the file does.</summary>
    private static async Task ForEachBlockAsync(AbsolutePath path, long begin, long end, Func<long, ReadOnlyMemory<byte>, Task> take, CancellationToken cancellationToken)
    {
        if (begin >= end)
        {
            return;
        }

        using var file = HostFile.OpenHandle(path.Value);
        var block = ArrayPool<byte>.Shared.Rent(ChunkCutter.Block);
        for (var position = begin; position < end;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var length = (int)Math.Min(ChunkCutter.Block - (position % ChunkCutter.Block), end - position);
            var read = ReadFully(file, position, block.AsSpan(0, length));
            if (read > 0)
            {
                await take(position, block.AsMemory(0, read)).ConfigureAwait(false);
            }

            position = read < length ? end : position + read;
        }

        ArrayPool<byte>.Shared.Return(block);
    }

    private bool IsInRegistry(ArtifactChunk chunk) => !HostFile.Exists(layout.PathOf(chunk.Blob).Value);

    private static string Mebibytes(IEnumerable<ArtifactChunk> chunks) => string.Create(CultureInfo.InvariantCulture, $"{chunks.Sum(chunk => chunk.Size) / (double)(1 << 20):0.0} MiB");

    private int Number(ArtifactChunk chunk)
    {
        if (!_numbers.TryGetValue(chunk.Blob, out var number))
        {
            _numbers.Add(chunk.Blob, number = _chunks.Count);
            _chunks.Add(chunk);
        }

        return number;
    }

    private OciDescriptor Put(string kind, byte[] content)
    {
        var blob = new OciDescriptor(kind, $"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}", content.Length);
        if (!layout.Has(blob))
        {
            room.Written(_written += content.Length);
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
