using FluentAssertions;
using Xunit;

namespace VmExecutor.Core.Tests.Configuration;

/// <summary>Keys that are right by themselves and wrong together, and the values of new kinds.</summary>
public sealed class RuleErrorTests
{
    private const string Sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    private const string Sha512 = "ee26b0dd4af7e749aa1a8ee3c10ae9923f618980772e473f8819a5d4940e0db27ac185f8a0e1d5f84f88bc887fd67b143732c304cc5fa9ad8e6f57f50028a8ff";
    private const string Url = "source: url\nurl: http://example.com/x\nssh: {user: ci, key: /k}\n";
    private const string NoAddress = "write for example https://example.com/disk.qcow2 or file:///srv/disk.qcow2";

    [Theory]
    [InlineData("limits: {max_vms: 0}", "1:19: limits.max_vms: 0 is out of range; write 1 to 1000")]
    [InlineData("limits: {memory_headroom: 2G}", "1:27: limits.memory_headroom: '2G' has no unit such as MiB or GiB; did you mean '2GiB'?")]
    [InlineData("keep_scripts: {for: 31d}", "1:21: keep_scripts.for: '31d' is out of range; write more than 0s and at most 30d")]
    [InlineData("limits: {wait_for_capacity: 0s}", "1:29: limits.wait_for_capacity: '0s' is out of range; write more than 0s and at most 1d")]
    [InlineData("limits: {disk_watermark: 4GiB}", "1:26: limits.disk_watermark: 4GiB is not less than 'disk_headroom' (4GiB), so jobs would be stopped where others are still started; write less")]
    [InlineData("limits: {disk_headroom: 512MiB}", "1:25: limits.disk_headroom: 512MiB is not more than 'disk_watermark' (1GiB by default), so jobs would be stopped where others are still started; write more, or a lower 'disk_watermark'")]
    [InlineData("defaults: {sizes: {min_cpus: 4, max_cpus: 2}}", "1:43: defaults.sizes.max_cpus: 2 is less than 'defaults.sizes.min_cpus' (4, in vm-executor.yaml:1:30); change one of the two")]
    [InlineData("defaults: {cpus: auto}", "1:18: defaults.cpus: 'auto' is the host divided by 'limits.max_vms', which vm-executor.yaml does not say; add for example 'limits: {max_vms: 4}' there, or write a size here")]
    [InlineData("defaults: {warm: {sizes: [{memory: 1}]}}", "1:36: defaults.warm.sizes.memory: '1' has no unit such as MiB or GiB; did you mean '1MiB'?")]
    [InlineData("defaults: {patterns: x}", "1:12: defaults.patterns: is unknown here; it belongs in the file of each image, since it cannot have a default")]
    public void In_the_settings(string yaml, string message) =>
        Yaml.Errors(yaml, ("a.yaml", Yaml.Image), ("b.yaml", Yaml.Image)).Should().Equal($"vm-executor.yaml:{message}");

    [Theory]
    [InlineData("cpus: auto", "1:7: cpus: 'auto' is the host divided by 'limits.max_vms', which vm-executor.yaml does not say; add for example 'limits: {max_vms: 4}' there, or write a size here")]
    [InlineData("memory: auto", "1:9: memory: 'auto' is the host divided by 'limits.max_vms', which vm-executor.yaml does not say; add for example 'limits: {max_vms: 4}' there, or write a size here")]
    [InlineData("memory: aut", "1:9: memory: 'aut' is not understood; did you mean 'auto'?")]
    [InlineData("sizes: {min_memory: 2GiB, max_memory: 1GiB}", "1:39: sizes.max_memory: 1GiB is less than 'sizes.min_memory' (2GiB, in images/image.yaml:1:21); change one of the two")]
    [InlineData("sizes: {max_cpus: 2}\ncpus: 4", "1:19: sizes.max_cpus: 2 is less than 'cpus' (4, in images/image.yaml:2:7); change one of the two")]
    [InlineData("sizes: {min_cpus: 2}\ncpus: 1", "2:7: cpus: 1 is less than 'sizes.min_cpus' (2, in images/image.yaml:1:19); change one of the two")]
    [InlineData("patterns: 'a b'", "1:11: patterns: 'a b' is not a pattern; write 1 to 255 characters without spaces; '*' stands for any run of characters, '?' for one")]
    [InlineData("patterns: *x", "1:11: patterns: '*x' is an alias, which is not used here; write the value itself, in quotes if it begins with '*'")]
    [InlineData("allow: {projects: /group/x}", "1:19: allow.projects: '/group/x' is not a pattern of projects; write a path such as group/project, group/* (one level) or group/** (all below), out of letters, digits, '_', '.', '-', '/' and '*'")]
    [InlineData("prepare_hook: {timeout: 1m}", "1:16: prepare_hook.timeout: applies only together with 'script'; add 'script:' or remove 'timeout'")]
    [InlineData("prepare_hook: {script: /h, variables: [A, B-C]}", "1:43: prepare_hook.variables: 'B-C' is not a variable name; write letters, digits and '_', not beginning with a digit")]
    [InlineData("tools: /opt/x:y", "1:8: tools: 'y' is not an absolute path; write a path in the guest that begins with '/', for example /builds")]
    [InlineData("tools: ~/x", "1:8: tools: '~/x' is not expanded as a shell would; write the whole path, beginning with '/'")]
    [InlineData("tools: [/]", "1:9: tools: '/' is the whole file system of the host; write a file or directory")]
    [InlineData("tools: [/opt/x:/]", "1:9: tools: '/opt/x:/' would replace the guest's whole file system; write the path of the file or directory itself, for example /usr/local/bin/x")]
    [InlineData("warm: true", "1:7: warm: is a single value, but has keys of its own; write its keys indented below it, for example 'warm:', then '  enabled: true'")]
    [InlineData("warm: {sizes: {cpus: 2}}", "1:15: warm.sizes: is a mapping, but takes a list; write for example 'sizes: [{cpus: 4, memory: 4GiB}]'")]
    [InlineData("warm: {sizes: []}", "1:15: warm.sizes: is an empty list; write at least one item, or remove it")]
    [InlineData("warm: {sizes: [2]}", "1:16: warm.sizes: has an item that is a single value; each item is a mapping with 'cpus' or 'memory', for example {cpus: 4}")]
    [InlineData("warm: {sizes: [{}]}", "1:16: warm.sizes: has an item without keys; write 'cpus' or 'memory', or remove it")]
    [InlineData("warm: {sizes: [{cpu: 2}]}", "1:17: warm.sizes.cpu: is unknown; did you mean 'cpus'?")]
    [InlineData("warm: {sizes: [{cpus: 2}, {cpus: 4, memory: 2G}]}", "1:45: warm.sizes.memory: '2G' has no unit such as MiB or GiB; did you mean '2GiB'?")]
    [InlineData("timeouts: {warm: 30}", "1:18: timeouts.warm: '30' has no unit; write for example 30s for seconds or 30m for minutes")]
    [InlineData("publish: {keep: 0}", "1:17: publish.keep: 0 is out of range; write 1 to 1000")]
    [InlineData("url: http://x/y", "1:1: url: applies only with 'source: url', but source is 'domain'; remove it or write 'source: url'")]
    [InlineData("build_timeout: 1h", "1:1: build_timeout: applies only with 'source: build', but source is 'domain'; remove it or write 'source: build'")]
    public void In_an_image_of_a_domain(string yaml, string message) =>
        Yaml.Errors("", ("image.yaml", $"{yaml}\n{Yaml.Image}")).Should().Equal($"images/image.yaml:{message}");

    [Theory]
    [InlineData(Url, "1:1: sha256: is missing; add 'sha256:' or 'sha512:' with the checksum of what is downloaded, as its server publishes it")]
    [InlineData($"{Url}sha512: {Sha512}\nsha256: {Sha256}", "5:1: sha256: is a second checksum; keep one of 'sha256' and 'sha512'")]
    [InlineData($"{Url}sha256: abc", "4:9: sha256: 'abc' is not such a checksum; write the 64 hexadecimal digits that sha256sum prints")]
    [InlineData($"{Url}sha256: {Sha256}\npublish: {{in_place: true}}", "5:11: publish.in_place: applies only with 'source: domain' or 'source: file', since what is downloaded has no place of its own; remove it")]
    [InlineData("source: build\nbuild: /r\npublish: {in_place: true}\nssh: {user: ci, key: /k}", "3:11: publish.in_place: applies only with 'source: domain' or 'source: file', since what is built has no place of its own; remove it")]
    [InlineData("source: build\nbuild: /r\nkernel: /k\nssh: {user: ci, key: /k}", "3:1: kernel: applies only with 'source: file', 'source: url' or 'source: oci', but source is 'build'; remove it or write 'source: file', 'source: url' or 'source: oci'")]
    [InlineData("source: build\nssh: {user: ci, key: /k}", "1:1: build: is missing; add for example 'build: /etc/vm-executor/recipes/debian'")]
    [InlineData("source: domain\ndomain: x\nssh: {user: ci, login: baked}", "3:1: ssh.key: is missing; add for example 'key: /etc/vm-executor/keys/ci_ed25519' under 'ssh:', here or under 'defaults:' in vm-executor.yaml")]
    [InlineData("source: domain\ndomain: x\nssh: {user: ci, login: cloud-init, key: /k}", "3:36: ssh.key: applies only with 'login: baked', but login is 'cloud-init'; remove it or write 'login: baked'")]
    [InlineData("source: domain\ndomain: x\nssh: {user: ci, login: cloudinit}", "3:24: ssh.login: 'cloudinit' is not allowed; did you mean 'cloud-init'? Allowed: baked, cloud-init or systemd-credentials")]
    public void Where_source_or_login_are_incomplete(string yaml, string message) =>
        Yaml.Errors("", ("image.yaml", yaml)).Should().Equal($"images/image.yaml:{message}");

    [Theory]
    [InlineData("ftp://example.com/x", $"'ftp://example.com/x' cannot be downloaded; {NoAddress}")]
    [InlineData("example.com/x", $"'example.com/x' is not an address; {NoAddress}")]
    [InlineData("/srv/x", $"'/srv/x' is not an address; {NoAddress}")]
    [InlineData("file://srv/x", $"'file://srv/x' cannot be downloaded; {NoAddress}")]
    [InlineData("http://example.com/x#y", $"'http://example.com/x#…' cannot be downloaded; {NoAddress}")]
    [InlineData("https://me:secret@example.com/x", "has a user name or password in it, which would be in logs; put what needs one behind a server that does not")]
    public void In_an_address(string address, string problem) =>
        Yaml.Errors("", ("image.yaml", $"url: '{address}'\nsource: url\nsha256: {Sha256}\nssh: {{user: ci, key: /k}}"))
            .Should().Equal($"images/image.yaml:1:6: url: {problem}");

    [Fact]
    public void A_limit_of_the_defaults_is_checked_against_what_an_image_says() =>
        Yaml.Errors("defaults: {sizes: {max_cpus: 2}}", ("a.yaml", Yaml.Image + "\ncpus: 4"), ("b.yaml", Yaml.Image + "\ncpus: 2")).Should().Equal(
            "images/a.yaml:7:7: cpus: 4 is more than 'sizes.max_cpus' (2, in vm-executor.yaml:1:30); change one of the two");
}
