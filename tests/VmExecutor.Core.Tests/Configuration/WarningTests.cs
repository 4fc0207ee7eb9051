using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Configuration;

public sealed class WarningTests
{
    private const string HostKeyMissing =
        "ssh.host_key: is missing, so the key of the first contact is pinned per job, and that first contact is not protected; "
        + "get it with 'ssh-keyscan -t ed25519 <guest address>' and write it without the leading address";

    [Fact]
    public void A_complete_image_gives_none() => Warnings("", Yaml.Image).Should().BeEmpty();

    [Fact]
    public void Without_a_host_key_the_first_contact_is_unprotected() =>
        Warnings("", "source: domain\ndomain: x\nssh: {user: a, key: b}").Should().Equal($"/etc/vm/images/image.yaml:3:1: {HostKeyMissing}");

    [Fact]
    public void The_same_holds_for_an_image_that_gets_its_ssh_settings_from_the_defaults() =>
        Warnings("defaults: {ssh: {user: a, key: b}}", "source: domain\ndomain: x").Should().Equal($"/etc/vm/images/image.yaml:1:1: {HostKeyMissing}");

    [Theory]
    [InlineData("disk.img", true)]
    [InlineData("disk.raw", true)]
    [InlineData("disk.qcow2", false)]
    [InlineData("disk.img\nformat: qcow2", false)]
    public void A_disk_that_looks_raw_should_say_so(string file, bool warned) =>
        Warnings("", $"source: file\nfile: {file}\nssh: {{user: a, key: b, host_key: {Yaml.Key}}}").Should().Equal(warned
            ? ["/etc/vm/images/image.yaml:2:7: file: looks like a raw disk, whose content can pose as another format; add 'format: raw' (or 'format: qcow2' if it is one)"]
            : []);

    [Theory]
    [InlineData("source: domain\ndomain: x\nssh: {user: a, login: cloud-init}")]
    [InlineData("source: build\nbuild: x\nssh: {user: a, key: /k}")]
    public void No_host_key_is_missed_where_the_driver_or_the_probe_knows_one(string image) => Warnings("", image).Should().BeEmpty();

    [Theory]
    [InlineData("project_disk: {size: 1GiB}", null)]
    [InlineData("project_disk: {projects: [{projects: g/**, size: 1GiB}]}", null)]
    [InlineData("project_disk: {write: always}", "project_disk.size: is missing, so no project has a disk; add for example 'size: 20GiB'")]
    [InlineData("project_disk: {size: 2GiB, max_total: 2GiB, max_project: 2GiB}", null)]
    [InlineData("project_disk: {size: 2GiB, max_total: 1GiB}", "project_disk.max_total: is 1GiB, and one project's disk may take 2GiB ('size'): a disk that is as full goes when its job has ended; make it larger, or 'size' smaller")]
    [InlineData("project_disk: {size: 2GiB, max_project: 1GiB}", "project_disk.max_project: is 1GiB, and one project's disk may take 2GiB ('size'): a disk that is as full goes when its job has ended; make it larger, or 'size' smaller")]
    [InlineData("project_disk: {size: 2GiB, max_total: 3GiB, projects: [{projects: a/**, size: 4GiB}, {projects: b/**, size: 9GiB, enabled: false}]}", "project_disk.max_total: is 3GiB, and one project's disk may take 4GiB ('size'): a disk that is as full goes when its job has ended; make it larger, or 'size' smaller")]
    [InlineData("project_disk: {size: 200GiB}", "project_disk.max_total: is 100GiB, and one project's disk may take 200GiB ('size'): a disk that is as full goes when its job has ended; make it larger, or 'size' smaller")]
    [InlineData("project_disk: {size: 1GiB, projects: [{enabled: false}]}", "project_disk.projects: an entry has no 'projects', so it fits no project; add for example 'projects: group/**'")]
    public void A_project_disk_that_no_project_gets_is_told(string disk, string? warning) =>
        Warnings("", $"{Yaml.Image}\n{disk}").Select(text => text[(text.IndexOf(": ", StringComparison.Ordinal) + 2)..]).Should().Equal(warning is null ? [] : [warning]);

    [Theory]
    [InlineData("b", "patterns: [b-*, 'b-?']", "patterns: b-1", new[] { "2:11: patterns: no job gets this image by 'b-1': 'b-*' of the image in /etc/vm/images/a.yaml matches all of that, goes first and is for the same jobs; name the files so that this one goes first, give them different 'allow:', or remove it" })]
    [InlineData("b", "patterns: '*'", "patterns: ['debian:*']", new[] { "2:11: patterns: no job gets this image by 'debian:*': '*' of the image in /etc/vm/images/a.yaml matches all of that, goes first and is for the same jobs; name the files so that this one goes first, give them different 'allow:', or remove it" })]
    [InlineData("b", "patterns: [x, 'x?*']", "patterns: ['x*']", new[] { "2:11: patterns: no job gets this image by 'x*': patterns of the images in /etc/vm/images/a.yaml together match all of that, go first and are for the same jobs; name the files so that this one goes first, give them different 'allow:', or remove it" })]
    [InlineData("b", "patterns: 'debian:*'", "patterns: '*'", new string[0])]
    [InlineData("b", "patterns: '*'\nallow: {projects: g/*}", "patterns: 'x'\nallow: {projects: g/p}", new[] { "2:11: patterns: no job gets this image by 'x': '*' of the image in /etc/vm/images/a.yaml matches all of that, goes first and is for the same jobs; name the files so that this one goes first, give them different 'allow:', or remove it" })]
    [InlineData("b", "patterns: '*'\nallow: {projects: g/p}", "patterns: 'x'\nallow: {projects: g/*}", new string[0])]
    [InlineData("b", "patterns: '*'", "# The pattern of the first image matches this one's name, and names go first.", new string[0])]
    [InlineData("c", "allow: {projects: g/*}", "patterns: a", new string[0])]
    [InlineData("c", "patterns: x", "patterns: [y, a]", new[] { "2:11: patterns: 'a' is the name of the image in /etc/vm/images/a.yaml, and names go before patterns; remove it" })]
    [InlineData("b", "patterns: x", "patterns: x", new[] { "2:11: patterns: 'x' is also a pattern of the image in /etc/vm/images/a.yaml, which goes first and is for the same jobs; remove one, or give them different 'allow:'" })]
    [InlineData("b", "patterns: x\nallow: {projects: g/*}", "patterns: x", new string[0])]
    [InlineData("b", "patterns: x\nallow: {projects: g/*}", "patterns: x\nallow: {projects: G/*}", new[] { "2:11: patterns: 'x' is also a pattern of the image in /etc/vm/images/a.yaml, which goes first and is for the same jobs; remove one, or give them different 'allow:'" })]
    [InlineData("b", "patterns: x\nallow: {protected_refs: true}", "patterns: x", new string[0])]
    public void Patterns_by_which_no_job_can_get_an_image_are_told(string name, string first, string second, string[] warnings) =>
        Yaml.Bind("", ("a.yaml", $"name: a\n{first}\n{Yaml.Image}"), ("b.yaml", $"name: {name}\n{second}\n{Yaml.Image}")).Warnings
            .Select(warning => warning.ToString()).Should().Equal(warnings.Select(warning => $"/etc/vm/images/b.yaml:{warning}"));

    [Theory]
    [InlineData("cpus: 2\nsizes: {max_cpus: 4}", "{cpus: 4}", null)]
    [InlineData("cpus: 2\nsizes: {max_cpus: 4}", "{cpus: 8}", "9:23: warm.sizes.cpus: no job can ask for 8 (the most is 4), so this template would only take disk; change 'sizes', or remove it")]
    [InlineData("cpus: 2\nsizes: {min_cpus: 2}", "{cpus: 1}", "9:23: warm.sizes.cpus: no job can ask for 1 (the least is 2), so this template would only take disk; change 'sizes', or remove it")]
    [InlineData("cpus: 2\nmemory: 1GiB", "{memory: 2GiB}", "9:25: warm.sizes.memory: no job can ask for 2GiB (the most is 1GiB), so this template would only take disk; change 'sizes', or remove it")]
    [InlineData("cpus: 2\nmemory: 1GiB", "{cpus: 1, memory: 1GiB}", null)]
    [InlineData("# A domain's own sizes are not known here.\n#", "{cpus: 64, memory: 64GiB}", null)]
    public void A_template_of_a_size_that_no_job_can_have_is_told(string image, string size, string? warning) =>
        Warnings("", $"{Yaml.Image}\n{image}\nwarm: {{sizes: [{size}]}}").Should().Equal(
            warning is null ? [] : [$"/etc/vm/images/image.yaml:{warning}"]);

    [Theory]
    [InlineData("source: file\nfile: '/img/x.qcow2 '", "2:7: file: '/img/x.qcow2 ' ends with a space, which is taken as a part of it; remove the space if it is not meant")]
    [InlineData("source: file\nfile: '/img /x.qcow2'", "2:7: file: 'img ' ends with a space, which is taken as a part of it; remove the space if it is not meant")]
    [InlineData("source: file\nfile: /home/$USER/x.qcow2", "2:7: file: '$USER' in '/home/$USER/x.qcow2' is not expanded as a shell would; write the whole path")]
    [InlineData("source: file\nfile: /home/${USER}/x.qcow2", "2:7: file: '${USER}' in '/home/${USER}/x.qcow2' is not expanded as a shell would; write the whole path")]
    [InlineData("source: file\nfile: /srv/~ci/x.qcow2", "2:7: file: '~ci' in '/srv/~ci/x.qcow2' is not expanded as a shell would; write the whole path")]
    [InlineData("source: domain\ndomain: 'base '", "2:9: domain: 'base ' ends with a space, which is taken as a part of it; remove the space if it is not meant")]
    [InlineData("source: file\nfile: /srv/x~1/$5/x.qcow2", null)]
    public void A_value_that_is_possible_and_hardly_meant_is_told(string image, string? warning) =>
        Warnings("", $"{image}\nssh: {{user: a, key: b, host_key: {Yaml.Key}}}").Should().Equal(warning is null ? [] : [$"/etc/vm/images/image.yaml:{warning}"]);

    [Fact]
    public void The_settings_file_is_looked_at_as_images_are() =>
        Warnings("state_dir: '/srv/state '\ndefaults: {ssh: {key: /home/$USER/key}}", Yaml.Image).Should().Equal(
            "/etc/vm/vm-executor.yaml:1:12: state_dir: '/srv/state ' ends with a space, which is taken as a part of it; remove the space if it is not meant",
            "/etc/vm/vm-executor.yaml:2:23: defaults.ssh.key: '$USER' in '/home/$USER/key' is not expanded as a shell would; write the whole path");

    [Fact]
    public void A_fixed_checksum_of_an_address_that_moves_is_told() =>
        Warnings("", $"source: url\nurl: https://x.example/latest/a.qcow2\nsha256: {new string('0', 64)}\nssh: {{user: a, login: cloud-init}}")
            .Should().ContainSingle().Which.Should().StartWith("/etc/vm/images/image.yaml:2:6: url: 'latest' is an address at which each new build replaces the last one");

    [Fact]
    public void No_images_are_worth_a_warning() =>
        Warnings(new ImageTexts(DirectoryExists: true, [], [])).Should().Equal(
            "/etc/vm/vm-executor.yaml:1:13: images_dir: there are no images in /srv/images, so every job will be refused; put a file such as debian-12.yaml there");

    [Fact]
    public void A_missing_directory_of_images_is_too() =>
        Warnings(ImageTexts.None).Should().Equal(
            "/etc/vm/vm-executor.yaml:1:13: images_dir: the directory /srv/images does not exist, so there are no images and every job will be refused; create it and put a file such as debian-12.yaml there");

    [Fact]
    public void So_is_a_file_that_only_looks_like_an_image() =>
        Warnings(new ImageTexts(true, [new(new AbsolutePath("/srv/images/a.yaml"), Yaml.Image)], [new(new AbsolutePath("/srv/images/b.yml"), ImageFileName.WhyIgnored("b.yml")!)])).Should().Equal(
            "/srv/images/b.yml:1:1: is not read: images are files that end in .yaml; rename or remove it");

    private static IEnumerable<string> Warnings(string settings, string image) =>
        Yaml.Bind(settings, ("image.yaml", image)).Warnings.Select(warning => warning.ToString());

    private static IEnumerable<string> Warnings(ImageTexts images) =>
        SettingsDocument.Parse(new ConfigurationText(new AbsolutePath("/etc/vm/vm-executor.yaml"), "images_dir: /srv/images"))
            .Bind(images).Warnings.Select(warning => warning.ToString());
}
