using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Images.Sources;
using VmExecutor.Core.Values;
using VmExecutor.Host.Images;
using VmExecutor.Host.Images.Registries;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Images.Registries;

/// <summary>A generation goes through a real registry to another host.</summary>
public sealed class GenerationPushTests : IDisposable
{
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFXIlkxRZxzhCMwTAvPVvLwMvIyGZwVyMVUHNPzSDrgZ";
    private readonly AbsolutePath _temporary = new(Directory.CreateTempSubdirectory("vmx-push").FullName);
    private readonly TestRegistry _registry = TestRegistry.Start();
    private readonly List<string> _told = [];
    private readonly List<TransferAmount> _shown = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _registry.Dispose();
        Directory.Delete(_temporary.Value, recursive: true);
    }

    [Fact(Timeout = 300_000)]
    public async Task Another_host_gets_the_same_bytes_and_of_the_next_generation_less_than_a_tenth()
    {
        // Clusters with content and holes, as a disk has them.
        var random = new Random(20261128);
        var disk = new byte[130_000_123];
        random.NextBytes(disk.AsSpan(0, 100_000_000));
        disk[0] = 0x33;
        Array.Clear(disk, 20_000_000, 9_000_000);
        random.NextBytes(disk.AsSpan(120_000_000, 123));
        var first = Make(1, disk);

        await PushAsync(first, "ci/small:1");
        _shown.Should().OnlyContain(amount => amount.What == $"pushing to {_registry.At("ci/small:1")}" && amount.Detail!.Contains(" of 8", StringComparison.Ordinal)).And.BeInAscendingOrder(amount => amount.Percent);
        _shown[^1].Percent.Should().BeInRange(50, 99, "the last blobs are under way then");
        var pulled = await PullAsync("ci/small:1");

        Compare(first, pulled);
        pulled.Artifact!.HostKeys.Should().Equal(Key);
        var sent = _registry.BlobBytesSent();

        // 1 % is new, in one place, and clusters before it were inserted: all that comes behind lies elsewhere.
        var inserted = new byte[20 * 65536];
        random.NextBytes(inserted);
        var changed = disk[..40_042_496].Concat(inserted).Concat(disk[40_042_496..]).ToArray();
        var second = Make(2, changed);
        await PushAsync(second, "ci/small:2");
        var next = await PullAsync("ci/small:2");

        Compare(second, next);
        var moved = _registry.BlobBytesSent() - sent;
        TestContext.Current.TestOutputHelper?.WriteLine($"first {sent} bytes, second {moved}");
        moved.Should().BeGreaterThan(20 * 65536).And.BeLessThan(sent / 10);
        Directory.Exists(Work("push").Value).Should().BeFalse();
    }

    /// <summary>The registry counts. docs/many-hosts.md says what a scattered change costs.</summary>
    [Fact(Timeout = 300_000)]
    public async Task A_change_of_one_percent_that_is_scattered_in_clusters_moves_the_chunks_that_it_touches_and_no_others()
    {
        const int run = 64 << 10;
        var random = new Random(18);
        var disk = new byte[64 << 20];
        random.NextBytes(disk);
        disk[0] = 0x33;
        await PushAsync(Make(1, disk), "ci/small:1");
        await PullAsync("ci/small:1");
        var sent = _registry.BlobBytesSent();

        for (var changed = 0; changed < disk.Length / 100; changed += run)
        {
            random.NextBytes(disk.AsSpan(random.Next(1, disk.Length / run) * run, run));
        }

        var second = Make(2, disk);
        await PushAsync(second, "ci/small:2");
        Compare(second, await PullAsync("ci/small:2"));

        var moved = _registry.BlobBytesSent() - sent;
        TestContext.Current.TestOutputHelper?.WriteLine($"first {sent} bytes, second {moved}: {100.0 * moved / sent:0.0} %");
        moved.Should().BeGreaterThan(disk.Length / 100).And.BeLessThan(sent / 2);
    }

    [Fact(Timeout = 120_000)]
    public async Task Nothing_of_the_host_that_pushes_goes_along_but_what_the_record_names()
    {
        const string canary = "CANARY-5f2e";
        var generation = Make(
            1,
            new byte[70_000].Select((_, at) => (byte)(at % 251)).ToArray(),
            $"<title>{canary}</title><metadata><x>{canary}</x></metadata><sysinfo type='smbios'><oemStrings><entry>io.systemd.credential:x={canary}</entry></oemStrings></sysinfo>",
            $"<graphics type='vnc' passwd='{canary}'/><disk type='file' device='cdrom'><source file='/srv/{canary}.iso'/><target dev='sda'/><readonly/></disk>");
        Directory.CreateDirectory(generation.Directory.Child("warm").Value);
        foreach (var name in new[] { "warm/ram.img", "id_ed25519", "seed.iso", "job.json" })
        {
            await File.WriteAllTextAsync($"{generation.Directory}/{name}", canary, Cancellation);
        }

        generation = generation with { Record = generation.Record with { Source = $"/srv/{canary}", Probe = generation.Record.Probe! with { HostKeys = [Key + " " + canary, canary] } } };
        await PushAsync(generation, "ci/small:1");

        var texts = new List<string>();
        foreach (var blob in _registry.Blobs())
        {
            texts.Add(Encoding.Latin1.GetString(await File.ReadAllBytesAsync(blob, Cancellation)));
            texts.Add(await UnpackAsync(blob));
        }

        texts.Should().NotContain(text => text.Contains(canary, StringComparison.Ordinal));
        texts.Should().Contain(text => text.Contains("<target dev=\"sda\"", StringComparison.Ordinal), "the look finds what is there").And.Contain(text => text.Contains(Key, StringComparison.Ordinal));
        (await PullAsync("ci/small:1")).Domain!.ToString().Should().Contain("sda");
    }

    [Theory(Timeout = 120_000)]
    [InlineData("<disk type='file' device='cdrom'><source file='/etc/shadow'/><target dev='sda'/><readonly/></disk>", "", "it has a disk that is none of its own files: 'sda'")]
    [InlineData("<disk type='file'><source file='/etc/shadow'/><target dev='vdb'/><readonly/></disk>", "", "it has a disk that is none of its own files: 'vdb'")]
    [InlineData("<emulator>/tmp/evil</emulator>", "", "it names the file /tmp/evil of this host")]
    [InlineData("", "<nvram template='/usr/../etc/shadow'>nvram</nvram>", "it names the file /usr/../etc/shadow of this host")]
    public void A_definition_that_names_other_files_of_the_host_is_refused(string device, string os, string reason)
    {
        var domain = System.Xml.Linq.XElement.Parse($"<domain><name>x</name><os><type arch='x86_64'>hvm</type>{os}</os><devices>{device}</devices></domain>");

        $"it {Core.Images.Registries.ArtifactDomain.Trouble(domain)}".Should().StartWith(reason);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_file_of_logins_that_is_missing_is_named_before_anything_is_packed()
    {
        var missing = Work("none.json");
        var push = () => PushAsync(Make(1, [0x33, 1, 2]), "ci/small:1", missing);

        var failure = (await push.Should().ThrowAsync<SystemFailureException>()).Which;

        failure.Code.Should().Be(ErrorCodes.RegistryFailed);
        failure.Message.Should().Contain($"cannot be pushed: the file with the logins of registries, {missing}, is not there");
        _told.Should().BeEmpty();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_generation_that_was_changed_is_not_pushed()
    {
        var generation = Make(1, new byte[1000]);
        File.SetUnixFileMode($"{generation.Directory}/vda.disk", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await File.AppendAllTextAsync($"{generation.Directory}/vda.disk", "x", Cancellation);

        var push = () => PushAsync(generation, "ci/small:1");

        (await push.Should().ThrowAsync<SystemFailureException>()).Which.Should().Match<SystemFailureException>(failure =>
            failure.Code == ErrorCodes.GenerationDamaged && failure.Message.Contains("vda.disk was changed", StringComparison.Ordinal));
    }

    private static void Compare(Generation generation, PulledImage pulled)
    {
        foreach (var file in generation.Record.Files)
        {
            var there = new AbsolutePath($"{generation.Directory.Parent()}/pull/{file.Path}");
            using var cmp = Process.Start("cmp", [generation.PathOf(file).Value, there.Value]);
            cmp.WaitForExit();
            cmp.ExitCode.Should().Be(0, file.Path);
        }

        System.Xml.Linq.XNode.DeepEquals(FrozenDomain.Freeze(pulled.Domain!, generation.Record.Files), System.Xml.Linq.XElement.Load(generation.Domain.Value)).Should().BeTrue();
    }

    private AbsolutePath Work(string name) => _temporary.Child(name);

    private Generation Make(int number, byte[] disk, string further = "", string devices = "")
    {
        var directory = Work(number.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Directory.CreateDirectory(directory.Value);
        File.WriteAllBytes(directory.Child("vda.disk").Value, disk);
        File.WriteAllBytes(directory.Child("nvram").Value, [1, 2, 3]);
        var architecture = Host.Processes.HostArchitecture.Name;
        var xml = $"<domain type='kvm'><name>base</name>{further}<os><type arch='{architecture}'>hvm</type><nvram>nvram</nvram></os><devices><disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='vda'/><target dev='vda' bus='virtio'/></disk>{devices}</devices></domain>";
        var domain = System.Xml.Linq.XElement.Parse(xml);
        GenerationFile Describe(string role, string name, string? format) => GenerationFiles.Describe(
            role, name, format, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(directory.Child(name).Value))), directory.Child(name));
        IReadOnlyList<GenerationFile> files = [Describe("vda", "vda.disk", "raw"), Describe("nvram", "nvram", null)];
        File.WriteAllText(directory.Child(Generation.DomainName).Value, FrozenDomain.Freeze(domain, files).ToString());
        return new Generation(directory, new GenerationRecord
        {
            Image = "small",
            Number = number,
            Published = DateTimeOffset.UnixEpoch,
            Driver = "vm-executor 1",
            SourceKind = "domain",
            Source = "base",
            SourceFingerprint = "x",
            Files = files,
            Probe = new ProbeRecord(DateTimeOffset.UnixEpoch, 1, [Key]),
        });
    }

    private async Task PushAsync(Generation generation, string place, AbsolutePath? logins = null) =>
        await new GenerationPush(_registry.Variables, new HurriedTime()) { Show = _shown.Add }.RunAsync(generation, _registry.At(place), logins, Work("push"), _told.Add, Cancellation);

    private async Task<PulledImage> PullAsync(string place)
    {
        var source = new RegistrySource(_registry.Variables, new HurriedTime());
        var wanted = new ImageSource.Registry(_registry.At(place));
        return await source.PullAsync(wanted, await source.LookAsync(wanted, _told.Add, Cancellation), Work("blobs"), Work("pull"), _told.Add, Cancellation);
    }

    private static async Task<string> UnpackAsync(string blob)
    {
        using var zstd = Process.Start(new ProcessStartInfo("zstd", ["-qdc", blob]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var text = await zstd.StandardOutput.ReadToEndAsync(Cancellation);
        await zstd.WaitForExitAsync(Cancellation);
        return text;
    }
}
