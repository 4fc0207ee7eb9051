using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Images;
using VmExecutor.Core.Images.Registries;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Images.Sources;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Images.Registries;

/// <summary>Makes a generation's files of the blobs of an artifact: byte for byte what they were on the host that pushed it.</summary>
internal sealed class ArtifactReader(BlobDirectory layout, ToolEnvironment environment, TimeProvider clock)
{
    private readonly Zstandard _zstandard = new(environment, clock);

    /// <param name="manifest">The manifest; its blobs are verified.</param>
    /// <param name="work">The files come to lie in it.</param>
    /// <param name="room">Ends it where the host's disk gets full.</param>
    /// <param name="tell">Gets a line now and then.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="InvalidDataException">It is damaged or names what it must not; the message is the end of a sentence.</exception>
    public async Task<PulledImage> ReadAsync(OciManifest manifest, AbsolutePath work, RoomGuard room, Action<string> tell, CancellationToken cancellationToken)
    {
        var artifact = GenerationArtifact.TryParse(layout.ReadText(manifest.Config!)) ?? throw new InvalidDataException("its record is damaged, or of a later version of vm-executor");
        if (artifact.Architecture != HostArchitecture.Name)
        {
            throw new InvalidDataException($"it is for other processors than this host's ({HostArchitecture.Name}): {PlainText.OneLine(artifact.Architecture, 60)}");
        }

        var blobs = manifest.Layers.Append(manifest.Config!).Select(blob => blob.Hex).ToHashSet(StringComparer.Ordinal);
        if (!artifact.Chunks.All(chunk => blobs.Contains(chunk.Blob)))
        {
            throw new InvalidDataException("its record has a chunk that the manifest does not name");
        }

        var (done, total) = (0L, artifact.Files.Sum(file => file.Bytes));
        var progress = new TransferProgress("unpacking the generation", 0, total, clock, tell);
        var files = new List<GenerationFile>();
        foreach (var file in artifact.Files)
        {
            var path = work.Child(file.Path);
            var before = done;
            await WriteAsync(file, artifact.Chunks, path, Report, cancellationToken).ConfigureAwait(false);
            done += file.Bytes;

            void Report(long bytes)
            {
                room.Written(before + bytes);
                progress.Report(before + bytes);
            }

            if (await FileChecksum.Sha256Async(path, _ => { }, cancellationToken).ConfigureAwait(false) != file.Sha256)
            {
                throw new InvalidDataException($"its file {file.Path} is another one than was pushed");
            }

            if (file.Format is not null && DiskCheck.FormatOf(path, $"its disk {file.Path}") is var format && file.Format == "qcow2" != (format == Core.Configuration.DiskFormat.Qcow2))
            {
                throw new InvalidDataException($"its disk {file.Path} is not of the format '{file.Format}'");
            }

            files.Add(GenerationFiles.Describe(file.Role, file.Path, file.Format, file.Sha256, path));
        }

        return new PulledImage(null, artifact, ReadDomain(manifest, work, artifact, files), [.. blobs]);
    }

    private XElement ReadDomain(OciManifest manifest, AbsolutePath work, GenerationArtifact artifact, IReadOnlyList<GenerationFile> files)
    {
        var layer = manifest.Layers.FirstOrDefault(layer => layer.MediaType == GenerationArtifact.DomainKind) ?? throw new InvalidDataException("it has no domain.xml");
        XElement frozen;
        try
        {
            frozen = ArtifactDomain.WithoutIndentation(DomainText.Parse(layout.ReadText(layer)));
        }
        catch (UnreadableXmlException e)
        {
            throw new InvalidDataException($"its domain.xml cannot be read: {e.Why}", e);
        }

        if (ArtifactDomain.Trouble(frozen) is { } trouble)
        {
            throw new InvalidDataException($"it {trouble}");
        }

        var record = new GenerationRecord
        {
            Image = artifact.Image,
            Number = artifact.Number,
            Published = artifact.Published,
            Driver = artifact.Driver,
            SourceKind = "oci",
            Source = "",
            SourceFingerprint = "",
            Files = files,
        };
        return FrozenDomain.Thaw(frozen, new Generation(work, record));
    }

    private async Task WriteAsync(ArtifactFile file, IReadOnlyList<ArtifactChunk> chunks, AbsolutePath path, Action<long> progress, CancellationToken cancellationToken)
    {
        try
        {
            await using var target = HostFile.Open(path.Value, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 });
            var done = 0L;
            foreach (var parts in file.Pieces.GroupBy(piece => piece.Chunk))
            {
                var chunk = chunks[parts.Key];
                var blob = HostFile.ReadAllBytes(layout.PathOf(chunk.Blob).Value, 2 * ChunkCutter.Longest);
                var content = await _zstandard.UnpackAsync(blob, chunk.Length, cancellationToken).ConfigureAwait(false);
                foreach (var part in parts)
                {
                    target.Position = part.Offset;
                    WriteSparse(target, content.AsSpan(part.At, part.Length));
                    progress(done += part.Length);
                }
            }

            target.SetLength(file.Bytes);
            target.Flush(flushToDisk: true);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{path} cannot be written", e);
        }
    }

    private static void WriteSparse(FileStream target, ReadOnlySpan<byte> content)
    {
        const int hole = 1 << 12;
        while (!content.IsEmpty)
        {
            var piece = content[..Math.Min(hole, content.Length)];
            if (piece.IndexOfAnyExcept((byte)0) < 0)
            {
                target.Position += piece.Length;
            }
            else
            {
                target.Write(piece);
            }

            content = content[piece.Length..];
        }
    }
}
