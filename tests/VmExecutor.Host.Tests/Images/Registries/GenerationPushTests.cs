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
    private readonly List<Generation> _made = [];

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

    [Fact(Timeout = 300_000)]
    public async Task Scattered_changes_move_little_more_than_they_are_however_many_generations_came_before()
    {
        const int run = 16 << 10;
        var random = new Random(18);
        var disk = new byte[24 << 20];
        random.NextBytes(disk);
        disk[0] = 0x33;
        await PushAsync(Make(1, disk), "ci/small:1");
        await PullAsync("ci/small:1");
        var moves = new List<double>();

        for (var number = 2; number <= 9; number++)
        {
            for (var changed = 0; changed < disk.Length / 20; changed += run)
            {
                random.NextBytes(disk.AsSpan(random.Next(1, disk.Length / run) * run, run));
            }

            var sent = _registry.BlobBytesSent();
            var next = Make(number, disk);
            await PushAsync(next, $"ci/small:{number}");
            Compare(next, await PullAsync($"ci/small:{number}"));
            moves.Add((_registry.BlobBytesSent() - sent) * 1.0 / disk.Length);
        }

        var fresh = _registry.BlobBytesSent();
        Directory.Delete(Work("blobs").Value, recursive: true);
        Compare(_made[^1], await PullAsync("ci/small:9"));
        fresh = _registry.BlobBytesSent() - fresh;
        TestContext.Current.TestOutputHelper?.WriteLine($"{string.Join(", ", moves.Select(share => $"{share:0.0 %}"))}; a new host {1.0 * fresh / disk.Length:0.0 %}");
        moves.Average().Should().BeInRange(0.045, 0.1, "each generation has 5 % that is new");
        fresh.Should().BeLessThan(2 * disk.Length);
    }

    [Fact(Timeout = 300_000)]
    public async Task Blobs_that_the_registry_has_lost_or_another_repository_has_not_are_packed_again()
    {
        var disk = new byte[3 << 20];
        new Random(19).NextBytes(disk);
        disk[0] = 0x33;
        await PushAsync(Make(1, disk), "ci/small:1");
        disk[1_000_000] ^= 1;
        var second = Make(2, disk);
        await PushAsync(second, "ci/small:2");
        _told.Should().ContainSingle(line => line.Contains("the registry has since generation 1", StringComparison.Ordinal));

        await PushAsync(second, "ci/other:2");
        Compare(second, await PullAsync("ci/other:2"));

        _told.Clear();
        _registry.LoseBlobs();
        await PushAsync(second, "ci/small:3");
        _told.Should().ContainSingle(line => line.Contains("the registry has lost blobs of generation 1: packing all of it", StringComparison.Ordinal));
        Directory.Delete(Work("blobs").Value, recursive: true);
        Compare(second, await PullAsync("ci/small:3"));
    }

    [Fact(Timeout = 120_000)]
    public async Task Push_without_the_other_generations_has_nothing_that_was_taken_off_the_disk()
    {
        var disk = new byte[600_000];
        "SECRET-77"u8.CopyTo(disk.AsSpan(400_000));
        disk.AsSpan(0, 300_000).Fill(0x33);
        await PushAsync(Make(1, disk), "ci/small:1");
        disk.AsSpan(400_000, 20).Clear();
        disk[500_000] = 1;
        var second = Make(2, disk);

        await PushAsync(second, "ci/small:named-again");
        (await IsInChunksAsync("ci/small:named-again")).Should().BeTrue("the chunk is named again, and docs/many-hosts.md says so");
        _made.Clear();
        await PushAsync(second, "ci/small:whole");

        (await IsInChunksAsync("ci/small:whole")).Should().BeFalse();

        async Task<bool> IsInChunksAsync(string place)
        {
            var pulled = await PullAsync(place);
            Compare(second, pulled);
            var texts = await Task.WhenAll(pulled.Artifact!.Chunks.Select(chunk => UnpackAsync(_registry.Blob($"sha256:{chunk.Blob}"))));
            return texts.Any(text => text.Contains("SECRET-77", StringComparison.Ordinal));
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task Generation_that_was_pushed_before_is_the_same_artifact_again()
    {
        var disk = new byte[3 << 20];
        new Random(20).NextBytes(disk);
        var first = Make(1, disk);

        var digests = new[] { await PushAsync(first, "ci/small:1"), await PushAsync(first, "ci/small:again") };
        var further = KeptTexts(first);
        await File.WriteAllTextAsync(first.Directory.Child(Generation.ArtifactName).Value, "{", Cancellation);

        digests.Append(await PushAsync(first, "ci/small:third")).Distinct().Should().ContainSingle();
        KeptTexts(first).Should().Equal(further, "what was damaged is written anew");
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
    [InlineData("", "<dtb>/etc/shadow</dtb>", "it names the file /etc/shadow of this host")]
    [InlineData("", "<dtb>etc/shadow</dtb>", "it names the file etc/shadow of this host")]
    [InlineData("", "<shim>/etc/shadow</shim>", "it names the file /etc/shadow of this host")]
    [InlineData("", "<loader>/usr/share/a</loader><loader>/etc/shadow</loader>", "it names the file /etc/shadow of this host")]
    [InlineData("", "<acpi><table type='slic'>/etc/shadow</table></acpi>", "it names the file /etc/shadow of this host")]
    [InlineData("", "", "it names the file /etc/shadow of this host", "<sysinfo type='fwcfg'><entry name='opt/x' file='/etc/shadow'/></sysinfo>")]
    [InlineData("", "", "it names the file /srv/x of this host", "<cpu><model fallback='/srv/x'>a</model></cpu>")]
    [InlineData("<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng><serial type='pty'><source path='/dev/pts/1'/></serial><channel type='unix'><source mode='bind' path='/run/x'/><target type='virtio' name='a'/></channel>", "<loader type='rom'>/usr/share/OVMF/OVMF_CODE.fd</loader>", "it ")]
    public void A_definition_that_names_other_files_of_the_host_is_refused(string device, string os, string reason, string further = "")
    {
        var domain = System.Xml.Linq.XElement.Parse($"<domain>{further}<name>x</name><os><type arch='x86_64'>hvm</type>{os}</os><devices>{device}</devices></domain>");

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
    public async Task A_generation_whose_definition_names_a_file_of_this_host_is_not_pushed()
    {
        var push = () => PushAsync(Make(1, [0x33, 1, 2], devices: "<emulator>/opt/qemu</emulator>"), "ci/small:1");

        (await push.Should().ThrowAsync<SystemFailureException>()).Which.Message.Should().StartWith("the generation cannot be pushed: its definition names the file /opt/qemu of this host");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_push_to_a_registry_that_falls_silent_is_broken_off_and_begun_again()
    {
        await using var front = new SilentFront(_registry.Port);
        _registry.LetWithoutTls(front.Host);
        OciReference.TryParse($"{front.Host}/ci/small:1", out var reference).Should().BeTrue();
        var disk = new byte[3 << 20];
        new Random(21).NextBytes(disk);
        var generation = Make(1, disk);
        var clock = new SteppedTime();
        front.IsSilent.Register(() => clock.IsFast = true);

        var digest = await new GenerationPush(_registry.Variables, Work("push"), clock, Tell).RunAsync(generation, _made, reference!, null, Cancellation);

        digest.Should().StartWith("sha256:");
        _told.Should().ContainSingle(line => line.StartsWith($"nothing could be sent to the registry of {reference} for 5m; attempt 2 of 8", StringComparison.Ordinal));
        _registry.LetWithoutTls(_registry.Host);
        Compare(generation, await PullAsync("ci/small:1"));

        void Tell(string line)
        {
            if (line.Contains("attempt 2", StringComparison.Ordinal))
            {
                clock.IsFast = false;
                front.GoOn();
            }

            _told.Add(line);
        }
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
        _made.Add(new Generation(directory, new GenerationRecord
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
        }));
        return _made[^1];
    }

    private static IReadOnlyList<string> KeptTexts(Generation generation) =>
        [.. new[] { Generation.ManifestName, Generation.ArtifactName }.Select(name => File.ReadAllText(generation.Directory.Child(name).Value))];

    private async Task<string> PushAsync(Generation generation, string place, AbsolutePath? logins = null) =>
        await new GenerationPush(_registry.Variables, Work("push"), new HurriedTime(), _told.Add) { Show = _shown.Add }.RunAsync(generation, _made, _registry.At(place), logins, Cancellation);

    private async Task<PulledImage> PullAsync(string place)
    {
        var source = new RegistrySource(_registry.Variables, new HurriedTime());
        var wanted = new ImageSource.Registry(_registry.At(place));
        return await source.PullAsync(wanted, await source.LookAsync(wanted, _told.Add, Cancellation), _made, Work("blobs"), Work("pull"), _told.Add, Cancellation);
    }

    private static async Task<string> UnpackAsync(string blob)
    {
        using var zstd = Process.Start(new ProcessStartInfo("zstd", ["-qdc", blob]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var text = await zstd.StandardOutput.ReadToEndAsync(Cancellation);
        await zstd.WaitForExitAsync(Cancellation);
        return text;
    }

    /// <summary>Real time; and while it is fast, each look at it is a minute later than the last one.</summary>
    private sealed class SteppedTime : TimeProvider
    {
        private long _added;

        public bool IsFast { get; set; }

        public override long GetTimestamp() => base.GetTimestamp() + (IsFast ? Interlocked.Add(ref _added, 60 * TimestampFrequency) : Interlocked.Read(ref _added));
    }

    /// <summary>Stands before a registry, and takes the blobs that are sent without ever answering, until it is told to go on.</summary>
    private sealed class SilentFront(int target) : LoopbackFront
    {
        private readonly System.Net.IPEndPoint _target = new(System.Net.IPAddress.Loopback, target);
        private readonly CancellationTokenSource _silent = new();
        private volatile bool _isOver;

        /// <summary>From now on blobs go to the registry.</summary>
        public void GoOn() => _isOver = true;

        public CancellationToken IsSilent => _silent.Token;

        protected override async Task ServeAsync(string head, System.Net.Sockets.NetworkStream from)
        {
            if (head.StartsWith("PATCH ", StringComparison.Ordinal) && !_isOver)
            {
                await _silent.CancelAsync();
                await DrainAsync(from);
                return;
            }

            using var server = new System.Net.Sockets.TcpClient();
            await SendAsync(server, _target, head);
            var to = server.GetStream();
            await Task.WhenAny(from.CopyToAsync(to, End), to.CopyToAsync(from, End));
        }

        /// <summary>Takes all that comes until the client has ended.</summary>
        private async Task DrainAsync(System.Net.Sockets.NetworkStream from)
        {
            try
            {
                await from.CopyToAsync(Stream.Null, End);
            }
            catch (IOException)
            {
                // It was killed.
            }
        }
    }
}
