using VmExecutor.Core.Failures;
using VmExecutor.Core.Images.Registries;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Images.Registries;

/// <summary>An OCI layout: a directory of blobs, each named by its checksum (https://github.com/opencontainers/image-spec/blob/main/image-layout.md).</summary>
/// <param name="root">Private to the driver's user.</param>
internal sealed class BlobDirectory(AbsolutePath root)
{
    private const string Layout = "oci-layout";
    private const string Index = "index.json";
    private const string Unfinished = "oci-put-blob"; // skopeo's name for a blob that is coming
    private const int LongestText = 8 << 20;

    private AbsolutePath Blobs => root.Child("blobs").Child("sha256");

    /// <summary>The argument for skopeo.</summary>
    public string ForSkopeo => $"oci:{root}";

    /// <summary>Makes it, or leaves of an earlier one the whole blobs alone.</summary>
    public void Begin()
    {
        StateDirectories.Make(root, StateDirectories.Private);
        StateDirectories.Make(Blobs, StateDirectories.Private);
        HostFile.Delete(root.Child(Index).Value);
        foreach (var file in Coming())
        {
            HostFile.Delete(file.Value);
        }
    }

    public AbsolutePath PathOf(string hex) => Blobs.Child(hex);

    public bool Has(OciDescriptor blob) => FileStat.TryRead(PathOf(blob.Hex))?.Bytes == blob.Size;

    /// <summary>A guard for the room on its disk.</summary>
    public RoomGuard Room(ByteSize keepFree, string what) => new(root, keepFree, what);

    /// <summary>The length of all that is there and is coming.</summary>
    public long Length() => HostDirectory.Files(Blobs).Concat(Coming()).Sum(file => FileStat.TryRead(file)?.Bytes ?? 0);

    /// <summary>True: it is there, and is what its checksum says. A wrong one is removed.</summary>
    public async Task<bool> IsWholeAsync(OciDescriptor blob, CancellationToken cancellationToken)
    {
        var path = PathOf(blob.Hex);
        if (FileStat.TryRead(path) is not { } stat)
        {
            return false;
        }

        if (stat.Bytes == blob.Size && await FileChecksum.Sha256Async(path, _ => { }, cancellationToken).ConfigureAwait(false) == blob.Hex)
        {
            return true;
        }

        HostFile.Delete(path.Value);
        return false;
    }

    /// <summary>The manifest that skopeo has put there, as text.</summary>
    /// <exception cref="SystemFailureException">There is none.</exception>
    public string ReadManifest() =>
        OciManifest.TryParse(HostFile.ReadAllText(root.Child(Index).Value, LongestText)) is { Platforms: [.., { Manifest: var manifest }] } && Has(manifest)
            ? HostFile.ReadAllText(PathOf(manifest.Hex).Value, LongestText)
            : throw new HostFileException($"{root.Child(Index)} names no manifest that is there", new InvalidDataException("skopeo has left no OCI layout"));

    /// <summary>The content of a small blob.</summary>
    public string ReadText(OciDescriptor blob) => HostFile.ReadAllText(PathOf(blob.Hex).Value, LongestText);

    /// <summary>Writes the index of one manifest.</summary>
    public void Complete(OciDescriptor manifest)
    {
        HostFile.WriteAllText(root.Child(Layout).Value, """{"imageLayoutVersion":"1.0.0"}""");
        HostFile.WriteAllText(
            root.Child(Index).Value,
            $$"""{"schemaVersion":2,"manifests":[{"mediaType":"{{OciManifest.OciKind}}","digest":"{{manifest.Digest}}","size":{{manifest.Size}}}]}""");
    }

    /// <summary>Removes all blobs but these.</summary>
    public void Prune(IReadOnlySet<string> kept)
    {
        foreach (var file in HostDirectory.Files(Blobs).Where(file => !kept.Contains(file.Name)))
        {
            HostFile.Delete(file.Value);
        }
    }

    private IEnumerable<AbsolutePath> Coming() => HostDirectory.Files(root).Where(file => file.Name.StartsWith(Unfinished, StringComparison.Ordinal));
}
