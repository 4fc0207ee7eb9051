using System.Diagnostics;
using System.Security.Cryptography;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Images.Registries;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Images.Registries;

/// <summary>Kinds of images, signatures, certificates and proxies: the registry, skopeo, gpg and zstd are the real ones.</summary>
public sealed class RegistryKindTests : IDisposable
{
    private readonly AbsolutePath _temporary = new(Directory.CreateTempSubdirectory("vmx-pull").FullName);
    private readonly byte[] _disk = RandomNumberGenerator.GetBytes(1_000_000);
    private TestRegistry? _registry;

    public RegistryKindTests() => _disk[0] = 0x33;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Architecture => System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64";

    private TestRegistry Registry => _registry ??= TestRegistry.Start();

    private AbsolutePath Blobs => _temporary.Child("blobs");

    public void Dispose()
    {
        _registry?.Dispose();
        Directory.Delete(_temporary.Value, recursive: true);
    }

    [Fact(Timeout = 120_000)]
    public async Task Of_an_index_the_image_for_this_hosts_processors_is_taken()
    {
        Registry.PutIndex("ci/debian:1", ("s390x", TestRegistry.Layer(("disk/disk.raw", [1, 2, 3]))), (Architecture, TestRegistry.Layer(("disk/disk.raw", _disk))));

        await PullsAsync("ci/debian:1");
    }

    [Fact(Timeout = 120_000)]
    public async Task An_index_without_an_image_for_this_hosts_processors_is_refused_and_says_which_it_has()
    {
        Registry.PutIndex("ci/debian:1", ("s390x", TestRegistry.Layer(("disk/disk.raw", _disk))), ("riscv64", TestRegistry.Layer(("disk/disk.raw", _disk))));

        var failure = await FailAsync(Registry.At("ci/debian:1"), Registry.Variables);

        failure.Code.Should().Be(ErrorCodes.OciImageUnusable);
        failure.Message.Should().Be($"{Registry.Host}/ci/debian:1 cannot be used as an image: it is for other processors than this host's ({Architecture}): linux/s390x, linux/riscv64");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_manifest_of_Dockers_schema_2_is_taken()
    {
        Registry.Put("ci/debian:1", [TestRegistry.Layer(("disk/disk.raw", _disk))], Architecture, "--format=v2s2");

        (await LookAsync(Registry.At("ci/debian:1"), Registry.Variables)).Manifest.Should().Contain("application/vnd.docker.distribution.manifest.v2+json");
        await PullsAsync("ci/debian:1");
        await PullsAsync("ci/debian:1");
    }

    [Fact(Timeout = 120_000)]
    public async Task Layers_that_are_packed_by_zstd_or_not_at_all_are_taken()
    {
        var archive = TestRegistry.Unpack(TestRegistry.Layer(("disk/disk.raw", _disk)));
        Registry.Put("ci/debian:zstd", [await ZstdAsync(archive)], Architecture);
        Registry.Put("ci/debian:plain", [archive], Architecture);

        await PullsAsync("ci/debian:zstd");
        await PullsAsync("ci/debian:plain");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_zstd_layer_that_is_cut_off_is_refused()
    {
        var layer = await ZstdAsync(TestRegistry.Unpack(TestRegistry.Layer(("disk/disk.raw", _disk))));
        Registry.Put("ci/debian:1", [layer[..^1000]], Architecture);

        var failure = await FailAsync(Registry.At("ci/debian:1"), Registry.Variables);

        failure.Code.Should().Be(ErrorCodes.OciImageUnusable);
        failure.Message.Should().StartWith($"{Registry.Host}/ci/debian:1 cannot be used as an image: a layer of it cannot be unpacked: ");
    }

    [Fact(Timeout = 120_000)]
    public async Task An_image_is_taken_if_the_key_of_the_policy_has_signed_it_and_else_it_is_not()
    {
        using var signer = new Signer(Registry);
        var layer = TestRegistry.Layer(("disk/disk.raw", _disk));
        Registry.Put("ci/debian:signed", [layer], Architecture, "--sign-by=ours@example.test");
        Registry.Put("ci/other:foreign", [layer], Architecture, "--sign-by=theirs@example.test");
        Registry.Put("ci/third:unsigned", [layer], Architecture);
        Registry.Policy($$"""{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"{{signer.PublicKey("ours@example.test")}}"}]}""");

        await PullsAsync("ci/debian:signed");
        foreach (var (place, reason) in new[] { ("ci/other:foreign", "Invalid GPG signature"), ("ci/third:unsigned", "A signature was required, but no signature exists") })
        {
            var failure = await FailAsync(Registry.At(place), Registry.Variables);
            failure.Code.Should().Be(ErrorCodes.RegistryFailed);
            failure.Message.Should().Contain("is refused by this host's policy of signatures").And.Contain($"{place.Split(':')[0]}@sha256:").And.Contain(reason);
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task A_registry_whose_certificate_is_not_trusted_is_not_asked_and_one_of_a_known_authority_is()
    {
        _registry = TestRegistry.Start(withTls: true);
        Registry.Put("ci/debian:1", [TestRegistry.Layer(("disk/disk.raw", _disk))], Architecture);

        var failure = await FailAsync(Registry.At("ci/debian:1"), Registry.Variables);
        await PullsAsync("ci/debian:1", Registry.Variables.Append(KeyValuePair.Create("SSL_CERT_FILE", Registry.Authority)).ToDictionary());
        var certificates = Directory.CreateDirectory($"{Registry.Variables["HOME"]}/.config/containers/certs.d/{Registry.Host}").FullName;
        File.Copy(Registry.Authority, $"{certificates}/ca.crt");
        await PullsAsync("ci/debian:1");

        failure.Code.Should().Be(ErrorCodes.RegistryFailed);
        failure.Message.Should().Contain($"the connection to the registry of {Registry.Host}/ci/debian:1 is not trusted").And.Contain("x509");
        failure.Hint.Should().Contain("/etc/containers/certs.d/");
    }

    [Theory(Timeout = 120_000)]
    [InlineData("http_proxy")]
    [InlineData("HTTP_PROXY")]
    public async Task The_proxy_of_the_environment_is_used(string variable)
    {
        // No address of this host: for those no proxy is asked. The proxy alone knows where it is.
        const string host = "registry.example.test:5000";
        Registry.Put("ci/debian:1", [TestRegistry.Layer(("disk/disk.raw", _disk))], Architecture);
        Registry.LetWithoutTls(host);
        await using var proxy = new LoopbackProxy(Registry.Port);
        var variables = Registry.Variables.Append(KeyValuePair.Create(variable, proxy.Address)).Append(KeyValuePair.Create(variable.Replace("http", "https").Replace("HTTP", "HTTPS"), proxy.Address)).ToDictionary();
        OciReference.TryParse($"{host}/ci/debian:1", out var reference).Should().BeTrue();

        await PullsAsync(reference!, variables);

        proxy.Requests.Should().Contain(line => line.StartsWith($"GET http://{host}/v2/ci/debian/blobs/", StringComparison.Ordinal));
    }

    private Task PullsAsync(string place) => PullsAsync(Registry.At(place), Registry.Variables);

    private Task PullsAsync(string place, Dictionary<string, string> variables) => PullsAsync(Registry.At(place), variables);

    private async Task PullsAsync(OciReference reference, Dictionary<string, string> variables)
    {
        var pulled = await PullAsync(reference, variables);
        (await File.ReadAllBytesAsync(pulled.Disk!.Disk.Value, Cancellation)).AsSpan().SequenceEqual(_disk).Should().BeTrue();
    }

    private static Task<FoundImage> LookAsync(OciReference reference, Dictionary<string, string> variables) =>
        new RegistrySource(variables, new HurriedTime()).LookAsync(new ImageSource.Registry(reference), _ => { }, Cancellation);

    private async Task<PulledImage> PullAsync(OciReference reference, Dictionary<string, string> variables)
    {
        var source = new RegistrySource(variables, new HurriedTime());
        var wanted = new ImageSource.Registry(reference);
        return await source.PullAsync(wanted, await source.LookAsync(wanted, _ => { }, Cancellation), [], Blobs, _temporary.Child("work"), _ => { }, Cancellation);
    }

    private async Task<SystemFailureException> FailAsync(OciReference reference, Dictionary<string, string> variables)
    {
        var pull = () => PullAsync(reference, variables);
        return (await pull.Should().ThrowAsync<SystemFailureException>()).Which;
    }

    private static async Task<byte[]> ZstdAsync(byte[] content)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, content, Cancellation);
            using var zstd = Process.Start("zstd", ["-q", "-f", file, "-o", $"{file}.zst"]);
            await zstd.WaitForExitAsync(Cancellation);
            return await File.ReadAllBytesAsync($"{file}.zst", Cancellation);
        }
        finally
        {
            File.Delete(file);
            File.Delete($"{file}.zst");
        }
    }
}
