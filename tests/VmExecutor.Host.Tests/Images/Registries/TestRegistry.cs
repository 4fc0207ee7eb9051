using System.Diagnostics;
using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
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

    private TestRegistry(AbsolutePath root, bool withLogin)
    {
        Root = root;
        _server = RegistryServer.StartAsync(root.Value, $"{root}/store", accounts: withLogin ? Login : null).GetAwaiter().GetResult();
        Directory.CreateDirectory($"{root}/home/.config/containers");
        Write("home/.config/containers/registries.conf", $"[[registry]]\nlocation = \"{Host}\"\ninsecure = true\n");
        Policy("""{"default":[{"type":"insecureAcceptAnything"}]}""");
    }

    public AbsolutePath Root { get; }

    public string Host => _server.Host;

    /// <summary>The environment of an administrator's command.</summary>
    public Dictionary<string, string> Variables => new()
    {
        ["HOME"] = $"{Root}/home",
        ["PATH"] = Environment.GetEnvironmentVariable("PATH")!,
        ["no_proxy"] = "127.0.0.1",
    };

    public static TestRegistry Start(bool withLogin = false)
    {
        Prerequisite.Require(File.Exists("/usr/bin/docker-registry") && File.Exists("/usr/bin/skopeo"), "docker-registry and skopeo are not installed: apt-get install docker-registry skopeo");
        return new TestRegistry(new AbsolutePath(Directory.CreateTempSubdirectory("vmx-registry").FullName), withLogin);
    }

    public OciReference At(string place) => OciReference.TryParse($"{Host}/{place}", out var reference) ? reference : throw new ArgumentException(place);

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

    public void Dispose()
    {
        _server.Dispose();
        Directory.Delete(Root.Value, recursive: true);
    }

    /// <summary>Puts a container image into it, by skopeo itself; returns the digests of its layers.</summary>
    /// <param name="place">Repository and tag.</param>
    /// <param name="layers">Packed archives.</param>
    /// <param name="architecture">As Go names it.</param>
    public IReadOnlyList<string> Put(string place, IReadOnlyList<byte[]> layers, string architecture = "amd64")
    {
        var layout = Directory.CreateDirectory($"{Root}/layout-{Guid.NewGuid():N}").FullName;
        Directory.CreateDirectory($"{layout}/blobs/sha256");
        string Blob(byte[] content)
        {
            var sum = Convert.ToHexStringLower(SHA256.HashData(content));
            File.WriteAllBytes($"{layout}/blobs/sha256/{sum}", content);
            return $"\"digest\":\"sha256:{sum}\",\"size\":{content.Length}";
        }

        var config = Blob(Encoding.UTF8.GetBytes($$"""{"architecture":"{{architecture}}","os":"linux","rootfs":{"type":"layers","diff_ids":[]} }"""));
        var blobs = layers.Select(Blob).ToList();
        var described = blobs.Select(blob => $$"""{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip",{{blob}} }""");
        var manifest = Blob(Encoding.UTF8.GetBytes(
            $$"""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json",{{config}} },"layers":[{{string.Join(',', described)}}]}"""));
        File.WriteAllText($"{layout}/oci-layout", """{"imageLayoutVersion":"1.0.0"}""");
        File.WriteAllText($"{layout}/index.json", $$"""{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",{{manifest}} }]}""");
        using var skopeo = Process.Start(new ProcessStartInfo("skopeo", ["copy", "-q", "--preserve-digests", "--dest-tls-verify=false", "--policy", $"{Root}/home/.config/containers/policy.json", $"oci:{layout}", $"docker://{Host}/{place}"]))!;
        skopeo.WaitForExit();
        skopeo.ExitCode.Should().Be(0);
        return [.. blobs.Select(blob => blob.Split('"')[3])];
    }

    /// <summary>A layer with these files, in this order; one without content is a symbolic link.</summary>
    public static byte[] Layer(params IReadOnlyList<(string Name, byte[]? Content)> files)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(gzip, TarEntryFormat.Pax))
        {
            foreach (var (name, content) in files)
            {
                tar.WriteEntry(content is null
                    ? new PaxTarEntry(TarEntryType.SymbolicLink, name) { LinkName = "/etc/passwd" }
                    : new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
            }
        }

        return packed.ToArray();
    }

    private void Write(string name, string text) => File.WriteAllText($"{Root}/{name}", text);

    [GeneratedRegex("\"http.response.written\":([0-9]+)")]
    private static partial Regex Written();
}
