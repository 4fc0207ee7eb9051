using System.Security.Cryptography;
using System.Text;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Images.Registries;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Images.Registries;

/// <summary>
/// The artifact as which a generation was pushed or pulled, kept beside its files: the next generation's push names its chunks again, as long as the registry has them. Losing it costs time alone.
/// </summary>
/// <param name="Generation">The generation.</param>
/// <param name="Artifact">Its record in the registry.</param>
/// <param name="Digest">Of its manifest.</param>
public sealed record KeptArtifact(Generation Generation, GenerationArtifact Artifact, string Digest)
{
    /// <summary>The checksums of its blobs.</summary>
    internal IEnumerable<string> Blobs => Artifact.Chunks.Select(chunk => chunk.Blob);

    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Keeps what a layout holds.</summary>
    /// <exception cref="SystemFailureException">It cannot be written.</exception>
    internal static void Write(Generation generation, BlobDirectory layout)
    {
        var manifest = layout.ReadManifest();
        if (OciManifest.TryParse(manifest) is { Config: { } config })
        {
            Write(generation.Directory.Child(Generation.ArtifactName), layout.ReadText(config));
            Write(generation.Directory.Child(Generation.ManifestName), manifest);
        }
    }

    /// <summary>Null: there is none, or the two files are not of one push.</summary>
    internal static KeptArtifact? TryRead(Generation generation)
    {
        var texts = new[] { Generation.ManifestName, Generation.ArtifactName }.Select(name => HostFile.TryReadAllText(generation.Directory.Child(name).Value)).ToList();
        return texts is [{ } manifest, { } artifact] && OciManifest.TryParse(manifest) is { Config: { } config } && config.Digest == DigestOf(artifact)
            && GenerationArtifact.TryParse(artifact) is { } record
            ? new KeptArtifact(generation, record, DigestOf(manifest))
            : null;
    }

    internal static string DigestOf(string text) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}";

    private static void Write(AbsolutePath path, string text)
    {
        try
        {
            AtomicFile.Write(path, text, Mode);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{path} cannot be written", e);
        }
    }
}
