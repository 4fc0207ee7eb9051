using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Services;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Configuration;

public sealed class ImageBindingTests
{
    private const string OfDomain = "source: domain\ndomain: base\n";

    [Fact]
    public void A_short_image_has_the_defaults_of_the_records() =>
        Yaml.BindImage(OfDomain + "ssh: {user: ci, key: /k}").Should().BeEquivalentTo(new ImageDefinition
        {
            File = new AbsolutePath("/etc/vm/images/image.yaml"),
            Name = new ImageName("image"),
            Source = new ImageSource.Domain("base"),
            Ssh = new SshSettings { User = "ci", Key = new AbsolutePath("/k") },
        });

    [Fact]
    public void Every_key_is_bound() =>
        Yaml.BindImage(EveryKey.OfFile).Should().BeEquivalentTo(
            new ImageDefinition
            {
                File = new AbsolutePath("/etc/vm/images/image.yaml"),
                Name = new ImageName("small"),
                Source = new ImageSource.DiskFile(new AbsolutePath("/etc/vm/images/small.img"))
                {
                    Format = DiskFormat.Raw,
                    Kernel = new DirectKernelBoot(new AbsolutePath("/boot/vmlinuz"), new AbsolutePath("/etc/vm/images/initrd"), "quiet ro"),
                },
                Allow = new AccessSettings { Projects = ["group/**", "other/project"], ProtectedRefs = true },
                Cpus = new(2),
                Memory = new(ByteSize.FromMebibytes(768)),
                Sizes = new SizeSettings
                {
                    MinCpus = 2,
                    MaxCpus = 4,
                    MinMemory = ByteSize.FromMebibytes(256),
                    MaxMemory = ByteSize.FromMebibytes(1024),
                    MaxDisk = ByteSize.FromMebibytes(8192),
                },
                Shell = GuestShell.Pwsh,
                Ssh = new SshSettings { User = "build-1", Key = new AbsolutePath("/etc/vm/images/key"), Port = 2222, HostKeys = [Yaml.Key] },
                Accelerator = Accelerator.Tcg,
                Network = new NetworkSettings { Mode = NetworkMode.Libvirt, Name = "ci net" },
                Disks = new DiskSettings { Cache = DiskCache.None, Discard = DiskDiscard.Ignore, MaxOverlay = ByteSize.FromMebibytes(5 * 1024) },
                ProjectDisk = new ProjectDiskSettings
                {
                    Size = ByteSize.FromMebibytes(20 << 10),
                    Write = ProjectDiskWrite.Always,
                    Scope = ProjectDiskScope.ProjectAndRef,
                    Keep = TimeSpan.FromDays(30),
                    MaxTotal = ByteSize.FromMebibytes(200 << 10),
                    MaxProject = ByteSize.FromMebibytes(40 << 10),
                    Projects = [new ProjectDiskRule { Projects = ["group/**"], Enabled = false, Size = ByteSize.FromMebibytes(1024), Write = ProjectDiskWrite.Never, Scope = ProjectDiskScope.JobName }],
                },
                Stop = new StopSettings { Mode = StopMode.Shutdown, Grace = TimeSpan.FromSeconds(5) },
                KeepFailed = new KeepSettings { For = TimeSpan.FromHours(2), Projects = ["group/**"] },
                Timeouts = new TimeoutSettings
                {
                    Boot = TimeSpan.FromSeconds(1),
                    Ssh = TimeSpan.FromSeconds(2),
                    CloudInit = TimeSpan.FromSeconds(5),
                    Warm = TimeSpan.FromSeconds(4),
                    SourceShutdown = TimeSpan.FromSeconds(3),
                },
                Publish = new PublishSettings
                {
                    InPlace = true,
                    Keep = 5,
                    Probe = new AbsolutePath("/etc/vm/probe"),
                    MinFreeDisk = ByteSize.FromMebibytes(2048),
                },
                Warm = new WarmSettings
                {
                    Enabled = true,
                    Script = new AbsolutePath("/etc/vm/warm-up"),
                    Sizes = [new WarmSize(4, null), new WarmSize(2, ByteSize.FromMebibytes(1024))],
                },
                Standby = new StandbySettings
                {
                    Count = 2,
                    MaxAge = TimeSpan.FromMinutes(30),
                    Sizes = [new StandbySize(4, null, 1), new StandbySize(2, ByteSize.FromMebibytes(1024), 3)],
                },
                PrepareHook = new HookSettings(new AbsolutePath("/etc/vm/hook"))
                {
                    Variables = ["CI_PROJECT_PATH", "CI_JOB_ID"],
                    Timeout = TimeSpan.FromMinutes(1),
                },
                Services = new ServiceSettings
                {
                    Engine = ServiceEngine.Podman,
                    Allow = ["postgres:*", "redis"],
                    Preload = ["postgres:16"],
                    PullPolicies = [PullPolicy.Always, PullPolicy.Never],
                    AuthFile = new AbsolutePath("/etc/vm/registries.json"),
                    Privileged = true,
                    Wait = TimeSpan.FromSeconds(10),
                    Timeout = TimeSpan.FromMinutes(1),
                },
                Service = new ServiceVmSettings { Ports = [5432, 80], Start = "systemctl restart app", Ready = "pg_isready -q" },
                Tools =
                [
                    new ToolSettings(null, "/usr/local/bin/gitlab-runner"),
                    new ToolSettings(new AbsolutePath("/opt/ci/tools"), "/opt/ci"),
                    new ToolSettings(new AbsolutePath("/etc/vm/bin/tool"), "/usr/local/bin/tool"),
                ],
                WaitForCloudInit = false,
                BuildsDir = "/b",
                CacheDir = "/c",
            },
            options => options.RespectingRuntimeTypes());

    [Fact]
    public void A_domain_may_be_allowed_to_be_shut_down() =>
        Yaml.BindImage(EveryKey.OfDomain).Source.Should().Be(new ImageSource.Domain("base") { AllowShutdown = true });

    [Fact]
    public void A_download_is_bound()
    {
        var image = Yaml.BindImage(EveryKey.OfUrl);

        image.Patterns.Should().Equal("cloud-*", "debian:1?");
        image.Ssh.Should().BeEquivalentTo(new SshSettings { User = "ci", Login = LoginMethod.CloudInit });
        image.Egress.Should().BeEquivalentTo(new EgressSettings
        {
            Mode = EgressMode.Watch,
            Allow = [EgressRule.Parse(".example.test"), EgressRule.Parse("10.1.0.0/16:5432")],
            Projects = [new ProjectEgress { Projects = ["group/**"], Mode = EgressMode.Enforce, Allow = [EgressRule.Parse("registry.test:443")] }],
        });
        var download = image.Source.Should().BeOfType<ImageSource.Download>().Which;
        download.Address.Should().Be(new DownloadAddress(new Uri("https://example.com/disk.qcow2.xz")));
        download.Checksum.ToString().Should().Be("sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
        download.Format.Should().Be(DiskFormat.Qcow2);
        download.Kernel.Should().Be(new DirectKernelBoot(new AbsolutePath("/etc/vm/images/vmlinuz"), null, ""));
    }

    [Fact]
    public void A_download_may_be_checked_by_sha512() =>
        Yaml.BindImage(EveryKey.OfUrlBySha512).Source.Should().BeOfType<ImageSource.Download>().Which.Checksum.Kind.Should().Be(ChecksumKind.Sha512);

    [Fact]
    public void An_image_of_a_registry_is_bound()
    {
        var source = Yaml.BindImage(EveryKey.OfRegistry).Source.Should().BeOfType<ImageSource.Registry>().Which;

        (source.Reference.ToString(), source.AuthFile, source.Format).Should().Be(("registry.example.com:5000/ci/debian-12:2026-11", new AbsolutePath("/etc/vm/images/registry.json"), DiskFormat.Qcow2));
    }

    [Fact]
    public void A_recipe_is_bound()
    {
        var image = Yaml.BindImage(EveryKey.OfBuild);

        image.Source.Should().Be(new ImageSource.Build(new AbsolutePath("/etc/vm/recipes/debian")) { Timeout = TimeSpan.FromHours(2) });
        image.Ssh.Login.Should().Be(LoginMethod.SystemdCredentials);
    }

    [Fact]
    public void Sizes_may_be_the_hosts_share()
    {
        var image = Yaml.BindImage(Yaml.Image + "\ncpus: auto\nmemory: auto", "limits: {max_vms: 4}");

        image.Cpus.Should().Be(new OrAuto<int>(null));
        image.Memory.Should().Be(new OrAuto<ByteSize>(null));
    }

    [Theory]
    [InlineData("gitlab-runner:/opt/gitlab-runner", null, "/opt/gitlab-runner")]
    [InlineData("./gitlab-runner", "/etc/vm/images/gitlab-runner", "/usr/local/bin/gitlab-runner")]
    [InlineData("/a:b:/c/", "/a:b", "/c")]
    public void A_tool_says_where_it_goes_after_its_last_colon(string text, string? source, string target) =>
        Yaml.BindImage($"{Yaml.Image}\ntools: '{text}'").Tools.Should().Equal(
            new ToolSettings(source is null ? null : new AbsolutePath(source), target));

    [Fact]
    public void A_key_of_the_defaults_is_not_for_images_that_bring_no_key()
    {
        var image = Yaml.BindImage(OfDomain + "ssh: {login: cloud-init}", "defaults: {ssh: {user: ci, key: /k}}");

        image.Ssh.Key.Should().BeNull();
    }

    [Fact]
    public void Publishing_in_place_by_default_is_for_sources_that_have_a_place() =>
        Yaml.BindImage(EveryKey.OfUrl, "defaults: {publish: {in_place: true}}").Publish.InPlace.Should().BeFalse();

    [Fact]
    public void Templates_of_the_defaults_hold_for_all_images_and_are_replaced_as_a_list()
    {
        const string Defaults = "defaults: {warm: {enabled: true, script: warm-up, sizes: [{cpus: 2}, {memory: 1GiB}]}}";

        Yaml.BindImage(Yaml.Image, Defaults).Warm.Should().BeEquivalentTo(new WarmSettings
        {
            Enabled = true,
            Script = new AbsolutePath("/etc/vm/warm-up"),
            Sizes = [new WarmSize(2, null), new WarmSize(null, ByteSize.FromMebibytes(1024))],
        });
        var own = Yaml.BindImage(Yaml.Image + "\nwarm: {enabled: false, sizes: [{cpus: 4}, {cpus: 4}]}", Defaults).Warm;
        own.Enabled.Should().BeFalse();
        own.Sizes.Should().Equal(new WarmSize(4, null));
    }

    [Fact]
    public void Defaults_hold_where_the_image_says_nothing()
    {
        var image = Yaml.BindImage(
            OfDomain + "ssh: {port: 2200}\ntimeouts: {ssh: 5s}",
            "defaults: {cpus: 3, ssh: {user: ci, key: keys/ci, port: 22}, timeouts: {boot: 10s, ssh: 20s}}");

        image.Cpus.Should().Be(new OrAuto<int>(3));
        image.Ssh.Should().BeEquivalentTo(new SshSettings { User = "ci", Key = new AbsolutePath("/etc/vm/keys/ci"), Port = 2200 });
        image.Timeouts.Should().Be(new TimeoutSettings { Boot = TimeSpan.FromSeconds(10), Ssh = TimeSpan.FromSeconds(5) });
    }

    [Fact]
    public void A_default_that_does_not_apply_to_an_image_does_no_harm()
    {
        var image = Yaml.BindImage(
            Yaml.Image + "\nstop: {mode: destroy}\nnetwork: {mode: user}",
            "defaults: {stop: {mode: shutdown, grace: 1m}, network: {mode: libvirt, name: ci}}");

        image.Stop.Mode.Should().Be(StopMode.Destroy);
        image.Network.Mode.Should().Be(NetworkMode.User);
    }

    [Fact]
    public void A_key_applies_by_a_default_too() =>
        Yaml.BindImage(Yaml.Image + "\nnetwork: {name: mine}", "defaults: {network: {mode: libvirt, name: ci}}").Network
            .Should().Be(new NetworkSettings { Mode = NetworkMode.Libvirt, Name = "mine" });

    [Theory]
    [InlineData("memory: 512 MiB", 512)]
    [InlineData("memory: '1gib'", 1024)]
    [InlineData("memory: 16MiB", 16)]
    public void Sizes_may_be_written_with_a_space_in_any_case_and_in_quotes(string line, long mebibytes) =>
        Yaml.BindImage($"{Yaml.Image}\n{line}").Memory.Should().Be(new OrAuto<ByteSize>(ByteSize.FromMebibytes(mebibytes)));

    [Fact]
    public void A_list_of_host_keys_is_normalized_without_comments_and_doubles() =>
        Yaml.BindImage($"{OfDomain}ssh:\n  user: ci\n  key: /k\n  host_key:\n  - '{Yaml.Key}  root@vm'\n  - {Yaml.Key}\n").Ssh.HostKeys
            .Should().Equal(Yaml.Key);

    [Fact]
    public void A_folded_command_line_is_one_line() =>
        Yaml.BindImage("source: file\nfile: /x\nkernel: /k\ncmdline: >\n  root=/dev/vda1\n  quiet\nssh: {user: ci, key: /k}\n").Source
            .Should().BeOfType<ImageSource.DiskFile>().Which.Kernel!.Cmdline.Should().Be("root=/dev/vda1 quiet");

    [Fact]
    public void A_name_that_looks_like_a_number_stays_as_it_is_written() =>
        Yaml.BindImage(Yaml.Image + "\nname: 12.10").Name.Value.Should().Be("12.10");

    [Theory]
    [InlineData("/builds/", "/builds")]
    [InlineData("/home/ci/../x", "/home/x")]
    public void A_path_in_the_guest_is_normalized(string text, string path) =>
        Yaml.BindImage($"{Yaml.Image}\nbuilds_dir: {text}").BuildsDir.Should().Be(path);

    [Fact]
    public void Windows_line_ends_do_not_matter() =>
        Yaml.BindImage(Yaml.Image.ReplaceLineEndings("\r\n")).Source.Should().Be(new ImageSource.Domain("base"));
}
