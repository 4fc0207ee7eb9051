using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Images.Registries;

/// <summary>
/// A generation in a registry: the configuration of an OCI artifact whose layers are the domain XML and the chunks of the files. It has what this record names, and nothing else of a
/// generation's directory: no templates, no private key, no path and no address of the host that pushed it.
/// </summary>
public sealed partial record GenerationArtifact
{
    public const string Kind = "application/vnd.vm-executor.generation.v1+json";
    public const string DomainKind = "application/vnd.vm-executor.domain.v1+xml";
    public const string ChunkKind = "application/vnd.vm-executor.chunk.v1+zstd";

    /// <summary>skopeo reads no manifest and no configuration of more than 4 MiB: a chunk takes 180 bytes at most of the one, and 120 of the other.</summary>
    public const int MostChunks = 20_000;

    /// <summary>A piece takes 80 bytes at most.</summary>
    public const int MostPieces = 20_000;

    private const long LargestFile = 1L << 46;

    public required string Image { get; init; }

    /// <summary>The generation's number on the host that pushed it.</summary>
    public required int Number { get; init; }

    public required DateTimeOffset Published { get; init; }

    /// <summary>The driver's version that published it.</summary>
    public required string Driver { get; init; }

    /// <summary>As libvirt names it: <c>x86_64</c>.</summary>
    public required string Architecture { get; init; }

    public IReadOnlyList<GenerationTool> Tools { get => field ?? []; init; }

    /// <summary>The guest's public host keys.</summary>
    public IReadOnlyList<string> HostKeys { get => field ?? []; init; }

    public required IReadOnlyList<ArtifactFile> Files { get; init; }

    /// <summary>The content of the files. An earlier generation's chunk may have parts that none of them has.</summary>
    public required IReadOnlyList<ArtifactChunk> Chunks { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, GenerationArtifactContext.Default.GenerationArtifact);

    /// <summary>Null: it is no such artifact, or of a later version, or names what cannot be a generation's file.</summary>
    public static GenerationArtifact? TryParse(string json) =>
        RecordJson.TryParse(json, GenerationArtifactContext.Default.GenerationArtifact) is { } artifact && artifact.IsUsable() ? artifact : null;

    /// <summary>True for a public key as ssh prints it: its kind and its text, and no more.</summary>
    public static bool IsPublicKey(string line) => PublicKey().IsMatch(line);

    /// <summary>A public key's kind and text, without the comment behind them.</summary>
    public static string WithoutComment(string key) => string.Join(' ', key.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(2));

    private bool IsUsable() =>
        Number > 0 && Files.Count > 0
        && Chunks.Count <= MostChunks && Chunks.All(chunk => chunk.IsUsable()) && Chunks.DistinctBy(chunk => chunk.Blob).Count() == Chunks.Count
        && Files.All(file => file.Role.Length > 0 && GenerationRecord.IsPlainName(file.Path) && !Generation.OwnNames.Contains(file.Path) && file.IsUsable(Chunks))
        && Files.DistinctBy(file => file.Role).Count() == Files.Count
        && Files.DistinctBy(file => file.Path).Count() == Files.Count
        && Files.Sum(file => (long)file.Pieces.Count) <= MostPieces
        && HostKeys.All(IsPublicKey);

    [GeneratedRegex(@"\A[a-z0-9@.-]+ [A-Za-z0-9+/]{16,}={0,2}\z")]
    private static partial Regex PublicKey();

    internal static bool IsSize(long bytes) => bytes is >= 0 and <= LargestFile;
}

/// <summary>A file of the generation.</summary>
/// <param name="Role">As <see cref="GenerationFile.Role"/>.</param>
/// <param name="Path">Its name in the generation's directory.</param>
/// <param name="Format">Of a disk: <c>qcow2</c> or <c>raw</c>; null: no disk.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Of its content.</param>
/// <param name="Pieces">Its content in order; what lies between them is zeros.</param>
public sealed record ArtifactFile(string Role, string Path, string? Format, long Bytes, string Sha256, IReadOnlyList<ArtifactPiece> Pieces)
{
    internal bool IsUsable(IReadOnlyList<ArtifactChunk> chunks)
    {
        var end = 0L;
        foreach (var piece in Pieces)
        {
            if (piece.Offset < end || piece.Length <= 0 || piece.Offset > Bytes - piece.Length
                || piece.Chunk < 0 || piece.Chunk >= chunks.Count || piece.At < 0 || piece.At > chunks[piece.Chunk].Length - piece.Length)
            {
                return false;
            }

            end = piece.Offset + piece.Length;
        }

        return GenerationArtifact.IsSize(Bytes) && Format is null or "qcow2" or "raw" && (Format is null) == !FrozenDomain.IsDisk(Role) && ArtifactChunk.IsHex(Sha256);
    }
}

/// <summary>A part of a file.</summary>
/// <param name="Offset">Its place in the file.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Chunk">The number of its chunk, from 0 on.</param>
/// <param name="At">Its place in the chunk.</param>
public sealed record ArtifactPiece(long Offset, int Length, int Chunk, int At);

/// <summary>Content of files.</summary>
/// <param name="Blob">The SHA-256 of the blob, which is the chunk packed by zstd.</param>
/// <param name="Size">Of the blob, in bytes.</param>
/// <param name="Length">Unpacked, in bytes.</param>
public sealed record ArtifactChunk(string Blob, long Size, int Length)
{
    internal bool IsUsable() => IsHex(Blob) && Size is > 0 and <= 2 * ChunkCutter.Longest && Length is > 0 and <= ChunkCutter.Longest;

    internal static bool IsHex(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);
}

[JsonSourceGenerationOptions(
    Converters = [typeof(RecordTimeSpanConverter), typeof(RecordDateConverter), typeof(RecordNumberConverter)],
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(GenerationArtifact))]
internal sealed partial class GenerationArtifactContext : JsonSerializerContext;
