using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Configuration;

public sealed class SettingsBindingTests
{
    private static readonly AbsolutePath File = new("/etc/vm/vm-executor.yaml");

    [Theory]
    [InlineData("")]
    [InlineData("\ufeff")]
    [InlineData("# nothing\n")]
    [InlineData("---\n")]
    [InlineData("{}")]
    public void An_empty_file_means_all_defaults(string yaml) =>
        Yaml.Bind(yaml, ("a.yaml", Yaml.Image)).Settings.Should().BeEquivalentTo(
            new Settings { File = File, Images = [] }, options => options.Excluding(settings => settings.Images));

    [Fact]
    public void Every_key_is_bound()
    {
        var settings = Yaml.Bind(
            """
            state_dir: state
            images_dir: /srv/images
            default_image: a
            libvirt:
              uri: qemu+ssh://host/system
              call_timeout: 5s
              user_per_vm: required
            firewall: {mode: required, allow: [127.0.0.1:5000, '[2001:db8::1]:443'], forbid: [10.0.0.0/8]}
            limits:
              max_vms: 4
              parallel_starts: 2
              memory_headroom: 1GiB
              reserve: learned
              reserve_floor: 128MiB
              reserve_margin: 50
              memory_watermark: 300MiB
              disk_headroom: 20GiB
              disk_watermark: 0B
              max_kept: 0
              wait_for_capacity: 1h
            log: {enabled: false, file: log.jsonl, level: warning, max_size: 1MiB, keep: 9, journal: true}
            metrics: {file: /srv/vm.prom}
            keep_scripts: {for: 30d, max: 5}
            """,
            ("a.yaml", Yaml.Image)).Settings;

        settings.Should().BeEquivalentTo(
            new Settings
            {
                File = File,
                StateDir = new AbsolutePath("/etc/vm/state"),
                DefaultImage = new ImageName("a"),
                Firewall = new FirewallSettings { Mode = FirewallMode.Required, Allow = ["127.0.0.1:5000", "[2001:db8::1]:443"], Forbid = ["10.0.0.0/8"] },
                Libvirt = new LibvirtSettings { Uri = "qemu+ssh://host/system", CallTimeout = TimeSpan.FromSeconds(5), UserPerVm = UserPerVm.Required },
                Limits = new LimitSettings
                {
                    MaxVms = 4,
                    ParallelStarts = 2,
                    MemoryHeadroom = ByteSize.FromMebibytes(1024),
                    Reserve = ReserveMode.Learned,
                    ReserveFloor = ByteSize.FromMebibytes(128),
                    ReserveMargin = 50,
                    MemoryWatermark = ByteSize.FromMebibytes(300),
                    DiskHeadroom = ByteSize.FromMebibytes(20 * 1024),
                    DiskWatermark = default,
                    MaxKept = 0,
                    WaitForCapacity = TimeSpan.FromHours(1),
                },
                Log = new LogSettings
                {
                    Enabled = false,
                    File = new AbsolutePath("/etc/vm/log.jsonl"),
                    Level = LogLevel.Warning,
                    MaxSize = ByteSize.FromMebibytes(1),
                    Keep = 9,
                    Journal = true,
                },
                Metrics = new MetricsSettings { File = new AbsolutePath("/srv/vm.prom") },
                KeepScripts = new KeepScriptsSettings { For = TimeSpan.FromDays(30), Max = 5 },
                Images = [],
            },
            options => options.Excluding(settings => settings.Images));
    }

    [Theory]
    [InlineData("", "/etc/vm/images")]
    [InlineData("images_dir: other", "/etc/vm/other")]
    [InlineData("images_dir: ../other", "/etc/other")]
    [InlineData("images_dir: /srv/images", "/srv/images")]
    [InlineData("images_dir: /srv/images\nunknown: 1", "/srv/images")]
    [InlineData("images_dir: [x]", null)]
    [InlineData("images_dir: 'x", null)]
    public void The_directory_of_the_images_is_known_before_they_are_read(string yaml, string? directory) =>
        SettingsDocument.Parse(new ConfigurationText(File, yaml)).ImagesDir?.Value.Should().Be(directory);

    [Fact]
    public void All_errors_of_all_files_come_at_once_in_the_order_they_are_read()
    {
        var errors = Yaml.Errors(
            "libvrt: {}\nstate_dir: ~\ndefaults:\n  cpus: many",
            ("b.yaml", "source: domain\ndomain: [x]\nmemory: 1\ncpuz: 1\nssh: {user: a, key: /k}"),
            ("a.yaml", "a: 'x"));

        errors.Select(error => string.Join(':', error.Split(':').Take(4))).Should().Equal(
            "vm-executor.yaml:1:1: libvrt",
            "vm-executor.yaml:2:1: state_dir",
            "vm-executor.yaml:4:9: defaults.cpus",
            "images/b.yaml:2:9: domain",
            "images/b.yaml:3:9: memory",
            "images/b.yaml:4:1: cpuz",
            "images/a.yaml:1:4: is not valid YAML");
    }

    [Fact]
    public void A_wrong_default_is_reported_where_it_stands_and_not_for_each_image() =>
        Yaml.Errors("defaults: {memory: 2}", ("a.yaml", Yaml.Image), ("b.yaml", Yaml.Image)).Should().ContainSingle()
            .Which.Should().StartWith("vm-executor.yaml:1:20: defaults.memory");

    [Fact]
    public void The_exception_tells_the_operator_what_to_do_and_carries_each_error()
    {
        var bind = () => Yaml.Bind("cpu: 1");

        var exception = bind.Should().Throw<ConfigurationException>().Which;
        exception.Code.Should().Be(ErrorCodes.ConfigurationInvalid);
        exception.Hint.Should().Contain("vm-executor check");
        exception.Errors.Should().Equal(new ConfigurationError(
            File, 1, 1, "cpu", "is unknown; known here: state_dir, images_dir, default_image, libvirt, firewall, limits, log, metrics, keep_scripts, defaults"));
    }

    [Fact]
    public void A_mistake_in_limits_or_what_is_observed_keeps_no_VM_from_being_removed()
    {
        var document = SettingsDocument.Parse(new ConfigurationText(File, "limits: {max_vms: many, disk_watermark: 9GiB}\nlog: {level: loud}\nmetrics: {file: [x]}\ndefaults: {sizes: {min_cpus: 4, max_cpus: 2}}"));

        document.BindWithoutImages().StateDir.Value.Should().Be("/var/lib/vm-executor");
        FluentActions.Invoking(() => document.Bind(ImageTexts.None)).Should().Throw<ConfigurationException>().Which.Errors.Should().HaveCount(5);
    }

    [Fact]
    public void Errors_beyond_a_thousand_are_counted_and_one_of_them_may_matter_to_every_stage()
    {
        var document = SettingsDocument.Parse(new ConfigurationText(File, "limits:\n" + string.Concat(Enumerable.Repeat("  max_vms: 1\n", 1_500)) + "state_dir: [x]\n"));

        foreach (var bind in (Action[])[() => document.Bind(ImageTexts.None), () => document.BindWithoutImages()])
        {
            var errors = bind.Should().Throw<ConfigurationException>().Which.Errors;
            errors.Count.Should().BeLessThan(1_003);
            errors.Should().Contain(new ConfigurationError(File, 1_003, 3, "", "from here on there are 500 more errors, which are not listed; correct those above first"));
        }
    }

    [Fact]
    public void Two_images_of_one_name_are_both_named() =>
        Yaml.Errors("", ("a.yaml", Yaml.Image), ("b.yaml", Yaml.Image + "\nname: a")).Should().Equal(
            "images/b.yaml:7:7: name: 'a' is already the name of the image in images/a.yaml:1:1; give each image a name of its own");

    [Fact]
    public void A_default_image_needs_images() =>
        Yaml.Errors("default_image: a").Should().Equal(
            "vm-executor.yaml:1:16: default_image: no image is called 'a'; there are no images at all");

    [Fact]
    public void A_default_image_is_not_missed_while_an_image_has_no_known_name() =>
        Yaml.Errors("default_image: a", ("a.yaml", "x: 'y")).Should().ContainSingle().Which.Should().StartWith("images/a.yaml:1:4:");

    [Fact]
    public void A_file_name_that_is_no_image_name_needs_a_name_key() =>
        Yaml.Errors("", ("Debian 12.yaml", Yaml.Image)).Should().Equal(
            "images/Debian 12.yaml:1:1: name: is missing, and the file's name 'Debian 12' is not an image name; add 'name:' with " + ImageName.Rule);

    [Fact]
    public void A_file_that_is_too_large_is_refused_unread() =>
        Yaml.Errors(new string('#', ConfigurationText.MaxBytes + 1)).Should().Equal(
            "vm-executor.yaml:1:1: is larger than 1 MiB; this cannot be a configuration of vm-executor");

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    [InlineData("? ")]
    public void Deep_nesting_is_refused_at_once(string level)
    {
        var yaml = string.Concat(Enumerable.Repeat(level, 100_000));

        Yaml.Errors(yaml).Should().Contain(error => error.Contains("is nested deeper than 32 levels", StringComparison.Ordinal));
    }

    [Fact]
    public void A_text_that_would_grow_by_aliases_is_refused()
    {
        var bomb = "a0: &a0 [x, x]\n" + string.Concat(Enumerable.Range(1, 40).Select(i => $"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n"));

        Yaml.Errors(bomb).Should().Contain("vm-executor.yaml:2:10: a1: '*a0' is an alias, which is not used here; write the value itself, in quotes if it begins with '*'");
    }

    [Fact]
    public void A_long_value_is_cut_in_the_message() =>
        Yaml.Errors($"default_image: {new string('A', 5000)}").Should().ContainSingle().Which.Length.Should().BeLessThan(300);

    [Fact]
    public void Binding_twice_gives_the_same_errors()
    {
        var document = SettingsDocument.Parse(new ConfigurationText(File, "x: 1"));
        var bind = () => document.Bind(ImageTexts.None);

        bind.Should().Throw<ConfigurationException>().Which.Errors.Should().ContainSingle();
        bind.Should().Throw<ConfigurationException>().Which.Errors.Should().ContainSingle();
    }
}
