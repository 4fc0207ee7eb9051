using System.Diagnostics;
using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using FluentAssertions;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Tests.Images.Registries;

/// <summary>A real registry (docker-registry) on a free port of loopback, with a home directory whose configuration lets skopeo use it without TLS.</summary>
internal sealed partial class TestRegistry : IDisposable
{
    /// <summary>The login of a registry that wants one: ci, open-sesame.</summary>
    private const string Login = "ci:$2b$05$abcdefghijklmnopqrstuutXu9KzOt.1yBoZUeFWoT/914/JfszCO\n";

    private readonly RegistryServer _server;

    private TestRegistry(AbsolutePath root, bool withLogin, bool withTls)
    {
        Root = root;
        if (withTls)
        {
            MakeCertificate();
        }

        _server = RegistryServer.StartAsync(root.Value, $"{root}/store", accounts: withLogin ? Login : null, certificate: withTls ? Authority : null).GetAwaiter().GetResult();
        Directory.CreateDirectory($"{root}/home/.config/containers");
        if (!withTls)
        {
            LetWithoutTls(Host);
        }

        Policy("""{"default":[{"type":"insecureAcceptAnything"}]}""");
    }

    public AbsolutePath Root { get; }

    public string Host => _server.Host;

    public int Port => int.Parse(Host.Split(':')[1], CultureInfo.InvariantCulture);

    /// <summary>The certificate of a registry with TLS, which is its own authority.</summary>
    public string Authority => $"{Root}/certificate.pem";

    /// <summary>The directory of gpg's keys, for images that are signed.</summary>
    public string? Keys { get; set; }

    /// <summary>Further fields of each layer in the manifests that are put from now on, as JSON.</summary>
    public string Further { get; set; } = "";

    /// <summary>The environment of an administrator's command.</summary>
    public Dictionary<string, string> Variables => new()
    {
        ["HOME"] = $"{Root}/home",
        ["PATH"] = Environment.GetEnvironmentVariable("PATH")!,
        ["no_proxy"] = "127.0.0.1",
    };

    public static TestRegistry Start(bool withLogin = false, bool withTls = false)
    {
        Prerequisite.Require(File.Exists("/usr/bin/docker-registry") && File.Exists("/usr/bin/skopeo"), "docker-registry and skopeo are not installed: apt-get install docker-registry skopeo");
        return new TestRegistry(new AbsolutePath(Directory.CreateTempSubdirectory("vmx-registry").FullName), withLogin, withTls);
    }

    public OciReference At(string place) => OciReference.TryParse($"{Host}/{place}", out var reference) ? reference : throw new ArgumentException(place);

    /// <summary>From now on skopeo uses this registry without TLS.</summary>
    public void LetWithoutTls(string host) => Write("home/.config/containers/registries.conf", $"[[registry]]\nlocation = \"{host}\"\ninsecure = true\n");

    public void Policy(string json) => Write("home/.config/containers/policy.json", json);

    /// <summary>The bytes of blobs that it has sent so far.</summary>
    public long BlobBytesSent()
    {
        return _server.Log().Where(line => line.Contains("\"http.request.method\":\"GET\"", StringComparison.Ordinal) && line.Contains("/blobs/", StringComparison.Ordinal))
            .Select(line => Written().Match(line)).Where(match => match.Success).Sum(match => long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
    }

    /// <summary>The file of a blob in the registry's store.</summary>
    public string Blob(string digest) => $"{Root}/store/docker/registry/v2/blobs/sha256/{digest[7..9]}/{digest[7..]}/data";

    public IEnumerable<string> Blobs() => Directory.EnumerateFiles($"{Root}/store/docker/registry/v2/blobs", "data", SearchOption.AllDirectories);

    /// <summary>Removes all blobs but manifests and records, as no registry should.</summary>
    public void LoseBlobs()
    {
        foreach (var blob in Blobs().Where(blob => File.ReadAllBytes(blob) is not [(byte)'{', ..]).ToList())
        {
            File.Delete(blob);
        }
    }

    public void Dispose()
    {
        _server.Dispose();
        Directory.Delete(Root.Value, recursive: true);
    }

    /// <summary>Puts a container image into it, by skopeo itself; returns the digests of its layers.</summary>
    /// <param name="place">Repository and tag.</param>
    /// <param name="layers">Archives, packed or not.</param>
    /// <param name="architecture">As Go names it.</param>
    /// <param name="options">Further ones for skopeo.</param>
    public IReadOnlyList<string> Put(string place, IReadOnlyList<byte[]> layers, string architecture = "amd64", params IReadOnlyList<string> options)
    {
        var layout = NewLayout();
        var (manifest, blobs) = WriteImage(layout, layers, architecture);
        Copy(layout, manifest, "manifest", place, options);
        return blobs;
    }

    /// <summary>Puts an index with an image of one layer for each architecture into it.</summary>
    public void PutIndex(string place, params IReadOnlyList<(string Architecture, byte[] Layer)> images)
    {
        var layout = NewLayout();
        var manifests = images.Select(image =>
            $$"""{"mediaType":"application/vnd.oci.image.manifest.v1+json",{{WriteImage(layout, [image.Layer], image.Architecture).Manifest}},"platform":{"architecture":"{{image.Architecture}}","os":"linux"} }""");
        var index = $$"""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{{string.Join(',', manifests)}}]}""";
        Copy(layout, WriteBlob(layout, Encoding.UTF8.GetBytes(index)), "index", place, ["--all"]);
    }

    /// <summary>A layer with these files, in this order; one without content is a symbolic link.</summary>
    public static byte[] Layer(params IReadOnlyList<(string Name, byte[]? Content)> files)
    {
        using var archive = new MemoryStream();
        using (var tar = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var (name, content) in files)
            {
                tar.WriteEntry(content is null
                    ? new PaxTarEntry(TarEntryType.SymbolicLink, name) { LinkName = "/etc/passwd" }
                    : new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
            }
        }

        return Pack(archive.ToArray());
    }

    /// <summary>A packed archive without its packing.</summary>
    public static byte[] Unpack(byte[] layer)
    {
        using var gzip = new GZipStream(new MemoryStream(layer), CompressionMode.Decompress);
        using var content = new MemoryStream();
        gzip.CopyTo(content);
        return content.ToArray();
    }

    public static byte[] Pack(byte[] archive)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(archive);
        }

        return packed.ToArray();
    }

    private string NewLayout()
    {
        var layout = Directory.CreateDirectory($"{Root}/layout-{Guid.NewGuid():N}").FullName;
        Directory.CreateDirectory($"{layout}/blobs/sha256");
        File.WriteAllText($"{layout}/oci-layout", """{"imageLayoutVersion":"1.0.0"}""");
        return layout;
    }

    private (string Manifest, IReadOnlyList<string> Layers) WriteImage(string layout, IReadOnlyList<byte[]> layers, string architecture)
    {
        var config = WriteBlob(layout, Encoding.UTF8.GetBytes($$"""{"architecture":"{{architecture}}","os":"linux","rootfs":{"type":"layers","diff_ids":[]} }"""));
        var blobs = layers.Select(layer => WriteBlob(layout, layer)).ToList();
        var described = layers.Zip(blobs, (layer, blob) => $$"""{"mediaType":"application/vnd.oci.image.layer.v1.tar{{Packing(layer)}}",{{blob}}{{Further}} }""");
        var manifest =
            $$"""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json",{{config}} },"layers":[{{string.Join(',', described)}}]}""";
        return (WriteBlob(layout, Encoding.UTF8.GetBytes(manifest)), [.. blobs.Select(blob => blob.Split('"')[3])]);
    }

    private static string Packing(byte[] layer) => layer switch
    {
        [0x1f, 0x8b, ..] => "+gzip",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "+zstd",
        _ => "",
    };

    private static string WriteBlob(string layout, byte[] content)
    {
        var sum = Convert.ToHexStringLower(SHA256.HashData(content));
        File.WriteAllBytes($"{layout}/blobs/sha256/{sum}", content);
        return $"\"digest\":\"sha256:{sum}\",\"size\":{content.Length}";
    }

    private void Copy(string layout, string top, string kind, string place, IReadOnlyList<string> options)
    {
        File.WriteAllText($"{layout}/index.json", $$"""{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.{{kind}}.v1+json",{{top}} }]}""");
        IReadOnlyList<string> exact = options.Any(option => option.StartsWith("--format", StringComparison.Ordinal)) ? [] : ["--preserve-digests"];
        var start = new ProcessStartInfo("skopeo", ["--insecure-policy", "copy", "-q", .. exact, "--dest-tls-verify=false", .. options, $"oci:{layout}", $"docker://{Host}/{place}"])
        {
            RedirectStandardError = true,
        };
        start.Environment["HOME"] = $"{Root}/home";
        start.Environment["GNUPGHOME"] = Keys;
        using var skopeo = Process.Start(start)!;
        var error = skopeo.StandardError.ReadToEnd();
        skopeo.WaitForExit();
        skopeo.ExitCode.Should().Be(0, error);
    }

    private void MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=registry of the tests", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        Write("certificate.pem", certificate.ExportCertificatePem());
        Write("certificate.pem.key", key.ExportPkcs8PrivateKeyPem());
    }

    private void Write(string name, string text) => File.WriteAllText($"{Root}/{name}", text);

    [GeneratedRegex("\"http.response.written\":([0-9]+)")]
    private static partial Regex Written();
}
