using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Images.Registries;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Images.Registries;

/// <summary>Container images are pulled from a real registry by the real skopeo.</summary>
public sealed class RegistrySourceTests : IDisposable
{
    private static readonly string Architecture = System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64";
    private readonly AbsolutePath _temporary = new(Directory.CreateTempSubdirectory("vmx-pull").FullName);
    private readonly List<string> _told = [];
    private readonly byte[] _disk = Raw(3_000_000);
    private TestRegistry? _registry;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private TestRegistry Registry => _registry ??= TestRegistry.Start();

    public void Dispose()
    {
        _registry?.Dispose();
        Directory.Delete(_temporary.Value, recursive: true);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_disk_of_a_container_image_is_that_of_its_last_layer_and_whiteouts_count()
    {
        Registry.Put(
            "ci/debian:1",
            [
                TestRegistry.Layer(("etc/motd", [1]), ("disk/old.img", Raw(1000)), ("./disk/disk.raw", Raw(2000))),
                TestRegistry.Layer(("disk/.wh.old.img", []), ("disk/disk.raw", _disk)),
            ],
            Architecture);

        var pulled = await PullAsync("ci/debian:1");

        (await File.ReadAllBytesAsync(pulled.Disk!.Disk.Value, Cancellation)).AsSpan().SequenceEqual(_disk).Should().BeTrue();
        pulled.Disk.Format.Should().Be(DiskFormat.Raw);
        _told.Should().Contain(line => line.Contains("sha256:", StringComparison.Ordinal)).And.Contain(line => line.Contains("all digests are right", StringComparison.Ordinal));
        Directory.GetFileSystemEntries(Work.Value).Should().ContainSingle("nothing else of the layers comes onto the host");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_layer_that_is_here_is_not_fetched_again_and_a_damaged_one_is()
    {
        var layers = Registry.Put("ci/debian:1", [TestRegistry.Layer(("disk/disk.raw", _disk))], Architecture);
        await PullAsync("ci/debian:1");
        var before = Registry.BlobBytesSent();

        await PullAsync("ci/debian:1");

        (Registry.BlobBytesSent() - before).Should().BeLessThan(10_000);
        await File.WriteAllBytesAsync(Blobs.Child("blobs").Child("sha256").Child(layers[0][7..]).Value, new byte[100], Cancellation);
        var again = await PullAsync("ci/debian:1");
        (await File.ReadAllBytesAsync(again.Disk!.Disk.Value, Cancellation)).AsSpan().SequenceEqual(_disk).Should().BeTrue();
    }

    [Theory(Timeout = 120_000)]
    [InlineData("none", "it has no disk: no layer has a file /disk/*.qcow2, /disk/*.raw or /disk/*.img; it has /disk/readme")]
    [InlineData("empty", "its /disk/disk.raw has 0 bytes, which is no disk")]
    [InlineData("encrypted", "its /disk/disk.qcow2 is encrypted")]
    [InlineData("elsewhere", "a layer of it lies at another address (urls)")]
    [InlineData("two", "it has 2 disks, and an image has one: /disk/a.raw, /disk/b.qcow2")]
    [InlineData("link", "its /disk/disk.img is no regular file")]
    [InlineData("backing", "its /disk/disk.qcow2 stands on another file (backing file)")]
    [InlineData("fake", "its /disk/disk.qcow2 is no qcow2 file")]
    [InlineData("damaged", "a layer of it cannot be unpacked: gzip: ")]
    [InlineData("cut archive", "the archive ends in the middle of an entry")]
    public async Task An_image_without_a_usable_disk_is_refused_by_its_reason(string kind, string reason)
    {
        var layer = kind switch
        {
            "none" => TestRegistry.Layer(("disks/disk.raw", _disk), ("disk/readme", _disk)),
            "empty" => TestRegistry.Layer(("disk/disk.raw", [])),
            "encrypted" => TestRegistry.Layer(("disk/disk.qcow2", await EncryptedAsync())),
            "two" => TestRegistry.Layer(("disk/a.raw", _disk), ("disk/b.qcow2", _disk)),
            "link" => TestRegistry.Layer(("disk/disk.img", null)),
            "backing" => TestRegistry.Layer(("disk/disk.qcow2", await OverlayAsync())),
            "cut archive" => TestRegistry.Pack(TestRegistry.Unpack(TestRegistry.Layer(("disk/disk.raw", _disk)))[..^100_000]),
            "fake" => TestRegistry.Layer(("disk/disk.qcow2", _disk)),
            _ => TestRegistry.Layer(("disk/disk.raw", _disk))[..^1000],
        };
        Registry.Further = kind == "elsewhere" ? ",\"urls\":[\"http://127.0.0.1:1/layer\"]" : "";
        Registry.Put("ci/debian:1", [layer], Architecture);

        var failure = await FailAsync("ci/debian:1");

        failure.Code.Should().Be(ErrorCodes.OciImageUnusable);
        Directory.Exists(Work.Child("disk").Value).Should().BeFalse();
        failure.Message.Should().StartWith($"{Registry.Host}/ci/debian:1 cannot be used as an image: {reason}");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_directory_of_disks_that_a_later_layer_replaces_or_empties_is_hidden()
    {
        var below = TestRegistry.Layer(("disk/old.img", Raw(1000)));
        Registry.Put("ci/debian:link", [below, TestRegistry.Layer(("disk", null))], Architecture);
        Registry.Put("ci/debian:opaque", [below, TestRegistry.Layer(("disk/.wh..wh..opq", []), ("disk/disk.raw", _disk))], Architecture);

        (await FailAsync("ci/debian:link")).Message.Should().Contain("it has no disk");
        (await PullAsync("ci/debian:opaque")).Disk!.Disk.Name.Should().Be("disk");
        (await File.ReadAllBytesAsync(Work.Child("disk").Value, Cancellation)).AsSpan().SequenceEqual(_disk).Should().BeTrue();
    }

    [Fact(Timeout = 120_000)]
    public async Task The_blobs_of_an_image_that_was_refused_go_with_the_next_pull()
    {
        var refused = Registry.Put("ci/debian:1", [TestRegistry.Layer(("disk/a.raw", _disk), ("disk/b.raw", _disk))], Architecture);
        await FailAsync("ci/debian:1");
        Registry.Put("ci/debian:2", [TestRegistry.Layer(("disk/disk.raw", _disk))], Architecture);

        await PullAsync("ci/debian:2");

        Directory.GetFiles(Blobs.Child("blobs").Child("sha256").Value).Select(Path.GetFileName).Should().NotContain(refused[0][7..]);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_few_packed_bytes_that_are_a_large_disk_do_not_take_the_room_of_jobs()
    {
        using var files = SmallFileSystem.Make(size: "64m");
        Registry.Put("ci/debian:1", [TestRegistry.Layer(("disk/disk.raw", Enumerable.Repeat((byte)'A', 128 << 20).ToArray()))], Architecture);
        var work = files.Root.Child("state").Child("work");
        var source = new RegistrySource(Registry.Variables, new HurriedTime()) { KeepFree = ByteSize.FromMebibytes(20) };
        var wanted = new ImageSource.Registry(Registry.At("ci/debian:1"));
        var found = await source.LookAsync(wanted, _told.Add, Cancellation);

        var pull = () => source.PullAsync(wanted, found, [], Blobs, work, _told.Add, Cancellation);

        var failure = (await pull.Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.HostFileFailed);
        failure.Message.Should().StartWith($"unpacking {Registry.Host}/ci/debian:1 needs more room than state_dir has: ").And.EndWith(" MiB are free, and 20 MiB stay free for jobs (limits: disk_watermark)");
        VmExecutor.Host.Capacity.HostRoom.FreeDisk(work).Should().BeGreaterThan(1 << 20);
    }

    [Fact(Timeout = 120_000)]
    public async Task An_image_for_other_processors_is_refused()
    {
        Registry.Put("ci/debian:1", [TestRegistry.Layer(("disk/disk.raw", _disk))], "s390x");

        var failure = await FailAsync("ci/debian:1");

        (failure.Code, failure.Message).Should().Be((ErrorCodes.OciImageUnusable, $"{Registry.Host}/ci/debian:1 cannot be used as an image: it is for other processors than this host's ({Architecture}): s390x"));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_tag_that_is_not_there_is_named()
    {
        Registry.Put("ci/debian:1", [TestRegistry.Layer(("disk/disk.raw", _disk))], Architecture);

        var failure = await FailAsync("ci/debian:2");

        (failure.Code, failure.Message).Should().Be((ErrorCodes.RegistryFailed, failure.Message));
        failure.Message.Should().StartWith($"{Registry.Host}/ci/debian:2 is not in the registry").And.Contain("manifest unknown");
        failure.Hint.Should().Contain($"skopeo list-tags docker://{Registry.Host}/ci/debian");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_registry_that_is_away_is_asked_several_times()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        OciReference.TryParse($"127.0.0.1:{port}/ci/debian:1", out var reference).Should().BeTrue();

        var failure = await FailAsync(reference!, Registry.Variables);

        failure.Code.Should().Be(ErrorCodes.RegistryFailed);
        failure.Message.Should().Contain("could not be pulled in 8 attempts").And.Contain("connection refused");
        _told.Should().Contain(line => line.Contains("attempt 2 of 8", StringComparison.Ordinal));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_login_is_asked_for_and_taken_from_the_administrators_file()
    {
        _registry = TestRegistry.Start(withLogin: true);
        var login = _temporary.Child("auth.json");
        await File.WriteAllTextAsync(login.Value, $$"""{"auths":{"{{Registry.Host}}":{"auth":"Y2k6b3Blbi1zZXNhbWU="} } }""", Cancellation);

        var without = await FailAsync("ci/debian:1");
        var with = await FailAsync("ci/debian:1", login);

        without.Message.Should().Contain("cannot be pulled with this login");
        without.Hint.Should().Contain($"skopeo login --authfile FILE {Registry.Host};").And.Contain("auth_file");
        with.Message.Should().Contain("is not in the registry", "the login is right, and the registry is empty");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_file_of_logins_that_is_missing_is_named()
    {
        var missing = _temporary.Child("none.json");

        var failure = await FailAsync("ci/debian:1", missing);

        failure.Code.Should().Be(ErrorCodes.RegistryFailed);
        failure.Message.Should().Be($"{Registry.Host}/ci/debian:1 cannot be pulled: the file with the logins of registries, {missing}, is not there");
        failure.Hint.Should().Contain($"skopeo login --authfile {missing} {Registry.Host};");
    }

    [Theory(Timeout = 120_000)]
    [InlineData("""{"default":[{"type":"reject"}]}""")]
    [InlineData("""{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/etc/hostname"}]}""")]
    public async Task An_image_that_the_policy_of_signatures_refuses_is_not_taken(string policy)
    {
        Registry.Put("ci/debian:1", [TestRegistry.Layer(("disk/disk.raw", _disk))], Architecture);
        Registry.Policy(policy);

        var failure = await FailAsync("ci/debian:1");

        (failure.Code, failure.Message).Should().Be((ErrorCodes.RegistryFailed, failure.Message));
        failure.Message.Should().Contain("is refused by this host's policy of signatures");
        Directory.EnumerateFiles(Blobs.Value, "*", SearchOption.AllDirectories).Should().BeEmpty();
    }

    [Theory(Timeout = 120_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_layer_that_is_cut_off_or_changed_in_the_registry_is_not_taken(bool cut)
    {
        var layers = Registry.Put("ci/debian:1", [TestRegistry.Layer(("disk/disk.raw", _disk))], Architecture);
        var blob = Registry.Blob(layers[0]);
        var content = await File.ReadAllBytesAsync(blob, Cancellation);
        content[^1] ^= 1;
        await File.WriteAllBytesAsync(blob, cut ? content[..1000] : content, Cancellation);

        var failure = await FailAsync("ci/debian:1");

        failure.Code.Should().Be(ErrorCodes.ImageChecksumWrong);
        failure.Message.Should().Contain("the registry sends something else").And.Contain(layers[0]);
    }

    [Fact(Timeout = 120_000)]
    public async Task Cancelling_leaves_nothing_but_the_directory_of_blobs()
    {
        Registry.Put("ci/debian:1", [TestRegistry.Layer(("disk/disk.raw", _disk))], Architecture);
        using var cancelled = new CancellationTokenSource();

        var pull = () => PullAsync(Registry.At("ci/debian:1"), Registry.Variables, null, line =>
        {
            if (line.StartsWith("pulling", StringComparison.Ordinal))
            {
                cancelled.Cancel();
            }
        }, cancelled.Token);

        await pull.Should().ThrowAsync<OperationCanceledException>();
        (await PullAsync("ci/debian:1")).Disk.Should().NotBeNull("the next one is not disturbed");
    }

    private AbsolutePath Blobs => _temporary.Child("blobs");

    private AbsolutePath Work => _temporary.Child("work");

    private static byte[] Raw(int length)
    {
        var content = RandomNumberGenerator.GetBytes(length);
        content[0] = 0x33;
        return content;
    }

    /// <summary>As QEMU's AES marks it in the head; nothing reads further.</summary>
    private async Task<byte[]> EncryptedAsync()
    {
        var path = _temporary.Child("encrypted.qcow2").Value;
        using var tool = System.Diagnostics.Process.Start("qemu-img", ["create", "-q", "-f", "qcow2", path, "1M"]);
        await tool.WaitForExitAsync(Cancellation);
        tool.ExitCode.Should().Be(0);
        var content = await File.ReadAllBytesAsync(path, Cancellation);
        content[35] = 1;
        return content;
    }

    private async Task<byte[]> OverlayAsync()
    {
        var path = _temporary.Child("overlay.qcow2").Value;
        using var tool = System.Diagnostics.Process.Start("qemu-img", ["create", "-q", "-f", "qcow2", "-u", "-b", "/etc/hostname", "-F", "raw", path, "1M"]);
        await tool.WaitForExitAsync(Cancellation);
        tool.ExitCode.Should().Be(0);
        return await File.ReadAllBytesAsync(path, Cancellation);
    }

    private Task<PulledImage> PullAsync(string place) => PullAsync(Registry.At(place), Registry.Variables, null, _told.Add, Cancellation);

    private async Task<PulledImage> PullAsync(OciReference reference, Dictionary<string, string> variables, AbsolutePath? login, Action<string> tell, CancellationToken cancellationToken)
    {
        var source = new RegistrySource(variables, new HurriedTime());
        var wanted = new ImageSource.Registry(reference) { AuthFile = login };
        return await source.PullAsync(wanted, await source.LookAsync(wanted, tell, cancellationToken), [], Blobs, Work, tell, cancellationToken);
    }

    private Task<SystemFailureException> FailAsync(string place, AbsolutePath? login = null) => FailAsync(Registry.At(place), Registry.Variables, login);

    private async Task<SystemFailureException> FailAsync(OciReference reference, Dictionary<string, string> variables, AbsolutePath? login = null)
    {
        var pull = () => PullAsync(reference, variables, login, _told.Add, Cancellation);
        return (await pull.Should().ThrowAsync<SystemFailureException>()).Which;
    }
}
