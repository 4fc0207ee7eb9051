using System.Text.Json;
using System.Text.RegularExpressions;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Images.Registries;

/// <summary>A blob as a manifest names it.</summary>
/// <param name="MediaType">Its kind; empty: not said.</param>
/// <param name="Digest"><c>sha256:</c> and 64 digits.</param>
/// <param name="Size">In bytes.</param>
public sealed record OciDescriptor(string MediaType, string Digest, long Size)
{
    /// <summary>The digits of the digest, as an OCI layout names the blob's file.</summary>
    public string Hex => Digest["sha256:".Length..];

    /// <summary>True: it lies at other addresses (<c>urls</c>), and skopeo does not fetch it.</summary>
    public bool IsElsewhere { get; init; }
}

/// <summary>A manifest of one platform, in an index.</summary>
/// <param name="Manifest">The manifest.</param>
/// <param name="Architecture">As Go names it (<c>amd64</c>); null: not said.</param>
/// <param name="System"><c>linux</c>; null: not said.</param>
public sealed record OciPlatform(OciDescriptor Manifest, string? Architecture, string? System);

/// <summary>A manifest of a registry: of one image, or an index with one for each platform.</summary>
public sealed partial record OciManifest
{
    public const string DockerKind = "application/vnd.docker.distribution.manifest.v2+json";
    public const string OciKind = "application/vnd.oci.image.manifest.v1+json";
    private const int MostLayers = 30_000;
    private const long LargestBlob = 1L << 46;

    /// <summary>True: registries of Docker's kind write it, and a copy in an OCI layout has another manifest.</summary>
    public bool IsDocker { get; private init; }

    /// <summary>Null: it is an index.</summary>
    public OciDescriptor? Config { get; private init; }

    public IReadOnlyList<OciDescriptor> Layers { get; private init; } = [];

    /// <summary>Of an index.</summary>
    public IReadOnlyList<OciPlatform> Platforms { get; private init; } = [];

    /// <summary>Null: it is neither a manifest nor an index, or one that names no usable blobs.</summary>
    public static OciManifest? TryParse(string json)
    {
        try
        {
            var root = ForeignJson.Parse(json);
            if (root.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            return root.TryGetProperty("manifests", out var manifests) ? Index(manifests) : Image(root);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The architecture that an image's configuration names, as Go names it; null: it names none.</summary>
    public static string? ArchitectureOf(string config)
    {
        try
        {
            return Text(ForeignJson.Parse(config), "architecture");
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The manifests of a platform, in the order of the index. Where the index has one manifest that names no platform, it is for each.</summary>
    /// <param name="architecture">As Go names it.</param>
    public IReadOnlyList<OciPlatform> For(string architecture) =>
        Platforms is [{ Architecture: null } only] ? [only] : [.. Platforms.Where(one => one.Architecture == architecture && one.System is null or "linux")];

    private static OciManifest? Index(JsonElement manifests)
    {
        if (manifests.ValueKind != JsonValueKind.Array || manifests.GetArrayLength() is 0 or > MostLayers)
        {
            return null;
        }

        var platforms = new List<OciPlatform>();
        foreach (var one in manifests.EnumerateArray())
        {
            if (Descriptor(one) is not { } manifest)
            {
                return null;
            }

            var platform = one.TryGetProperty("platform", out var said) && said.ValueKind == JsonValueKind.Object ? said : default;
            platforms.Add(new OciPlatform(manifest, Text(platform, "architecture"), Text(platform, "os")));
        }

        return new OciManifest { Platforms = platforms };
    }

    private static OciManifest? Image(JsonElement root)
    {
        if (!root.TryGetProperty("config", out var config) || Descriptor(config) is not { } described
            || !root.TryGetProperty("layers", out var layers) || layers.ValueKind != JsonValueKind.Array || layers.GetArrayLength() > MostLayers)
        {
            return null;
        }

        var all = layers.EnumerateArray().Select(Descriptor).ToList();
        return all.Contains(null)
            ? null
            : new OciManifest { IsDocker = Text(root, "mediaType") == DockerKind, Config = described, Layers = [.. all.OfType<OciDescriptor>()] };
    }

    private static OciDescriptor? Descriptor(JsonElement element) =>
        element.ValueKind == JsonValueKind.Object
        && Text(element, "digest") is { } digest && Sha256().IsMatch(digest)
        && element.TryGetProperty("size", out var size) && size.ValueKind == JsonValueKind.Number && size.TryGetInt64(out var bytes) && bytes is >= 0 and <= LargestBlob
            ? new OciDescriptor(Text(element, "mediaType") ?? "", digest, bytes) { IsElsewhere = element.TryGetProperty("urls", out var urls) && urls.ValueKind == JsonValueKind.Array && urls.GetArrayLength() > 0 }
            : null;

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    [GeneratedRegex(@"\Asha256:[0-9a-f]{64}\z")]
    private static partial Regex Sha256();
}
