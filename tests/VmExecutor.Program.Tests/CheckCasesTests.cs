using FluentAssertions;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>A catalogue full of mistakes that people make (cases/yaml), and what <c>check</c> says of each.</summary>
public sealed class CheckCasesTests : IDisposable
{
    private const string Uuid = "5f0c6f5c-2f0e-4a55-9d6e-3f0f6a1d7a02";
    private readonly StageBench _bench = new();

    public CheckCasesTests()
    {
        _bench.Environment.Remove("SYSTEM_FAILURE_EXIT_CODE");
        _bench.Environment["VM_EXECUTOR_CONFIG"] = At("vm-executor.yaml");
        CopyCases();
        Directory.CreateDirectory(At("keys"));
        Directory.CreateDirectory(At("img"));
        QemuTool.Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ci", "-f", At("keys/ci_ed25519"));
        QemuTool.Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "passphrase", "-C", "ci", "-f", At("keys/locked"));
        QemuTool.Img("create", "-q", "-f", "qcow2", At("img/kiosk.qcow2"), "8M");
        QemuTool.Img("create", "-q", "-f", "vmdk", At("img/box.vmdk"), "8M");
        Iso(At("img/some.iso"));
        Node();
    }

    public void Dispose() => _bench.Dispose();

    [Theory(Timeout = 60_000)]
    [InlineData("debian-12.yaml:3:11", "no job gets this image by 'debian'", "'*' of the image in", "00-catch-all.yaml")]
    [InlineData("debian-12.yaml:3:11", "no job gets this image by 'debian:*'", "00-catch-all.yaml")]
    [InlineData("debian-12.yaml~:1:1", "is not read", "an editor left it")]
    [InlineData("debian-12.yaml.dpkg-dist:1:1", "is not read", "package manager")]
    [InlineData("prod/hidden-in-subdir.yaml:1:1", "is not read", "subdirectory")]
    [InlineData("public-key.yaml", "ci_ed25519.pub is a public key", "keys/ci_ed25519")]
    [InlineData("encrypted-key.yaml", "keys/locked has a passphrase", "ssh-keygen -p -N ''")]
    [InlineData("wrong-format.yaml", "kiosk.qcow2 is a disk of format qcow2, but format says raw", "no boot loader", "format: qcow2")]
    [InlineData("vmdk.yaml", "box.vmdk is a disk of format vmdk", "qemu-img convert -f vmdk -O qcow2")]
    [InlineData("iso-as-disk.yaml", "some.iso is the image of a CD or DVD (ISO 9660)")]
    [InlineData("latest-url.yaml:2:6", "'latest' is an address at which each new build replaces the last one")]
    [InlineData("trailing-space.yaml:2:7", "kiosk.qcow2 ' ends with a space")]
    [InlineData("user-in-path.yaml:2:7", "'$USER'", "not expanded")]
    [InlineData("no-such-domain.yaml", "no source domain 'kiosk_stateless'", "similar names are: 'kiosk-stateless'", "VMX1204")]
    [InlineData("by-uuid.yaml", $"'{Uuid}' is a UUID", "domain: kiosk-stateless")]
    [InlineData("pool-disk.yaml", "terraformed", "vda")]
    public async Task A_mistake_is_told_with_its_file_and_what_to_do(string file, params string[] said)
    {
        var exit = await _bench.RunAsync("check");

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Output.Split('\n').Should().Contain(line => line.StartsWith($"warning: {At("images")}/{file}", StringComparison.Ordinal) && said.All(line.Contains), exit.Output);
    }

    [Fact(Timeout = 60_000)]
    public async Task Names_are_not_hidden_by_patterns_and_a_good_key_is_not_named()
    {
        var exit = await _bench.RunAsync("check");

        exit.Output.Should().NotContainAny("by 'wrong-format'", $"{At("keys/ci_ed25519")} is", $"{At("keys/ci_ed25519")} has");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("test:///nonexistent/node.xml")]
    [InlineData("qemu+unix:///system?socket=/nonexistent/libvirt-sock")]
    [InlineData("qemu+ssh://elsewhere/system")]
    public async Task Without_libvirt_the_rest_is_checked_and_it_is_said_what_is_not(string uri)
    {
        Configure(uri);

        var exit = await _bench.RunAsync("check");

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Output.Should().Contain("note: source domains were not looked at: ").And.Contain("has a passphrase").And.NotContain("no source domain");
    }

    [Fact(Timeout = 60_000)]
    public async Task Parts_that_jobs_do_not_get_are_noted_and_refused_ones_are_named()
    {
        var node = File.ReadAllText(At("node.xml"));
        _bench.Write("srv/node.xml", node
            .Replace("<name>kiosk-stateless</name>", "<name>kiosk-stateless</name><memtune><hard_limit unit='KiB'>65536</hard_limit></memtune>", StringComparison.Ordinal)
            .Replace("volume' device='disk'><driver name='qemu' type='qcow2'/><source pool='default' volume='terraformed-root.qcow2'/>", "network' device='disk'><driver name='qemu' type='raw'/><source protocol='rbd' name='pool/x'/>", StringComparison.Ordinal));

        var exit = await _bench.RunAsync("check");

        exit.Output.Should().MatchRegex($"note: {At("images")}/debian-12.yaml: jobs' clones of 'kiosk-stateless' are without: .*memtune");
        exit.Output.Split('\n').Should().Contain(line => line.StartsWith($"warning: {At("images")}/pool-disk.yaml", StringComparison.Ordinal) && line.Contains("'vda'", StringComparison.Ordinal), exit.Output);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_state_directory_that_can_hold_no_overlays_is_told()
    {
        var file = _bench.PathOf("srv/vm-executor.yaml");
        File.WriteAllText(file, File.ReadAllText(file).Replace($"state_dir: {At("state")}", "state_dir: /proc/vm-executor", StringComparison.Ordinal));

        (await _bench.RunAsync("check")).Output.Should().Contain($"warning: {file}: state_dir: /proc cannot hold overlays: /proc is a proc, which takes no files");
    }

    [Fact(Timeout = 60_000)]
    public async Task Doctor_says_the_same_of_keys_disks_and_domains_as_problems()
    {
        var exit = await _bench.RunAsync("doctor");

        exit.Output.Should().MatchRegex("problem +ssh-keys .*ci_ed25519.pub is a public key")
            .And.MatchRegex("problem +ssh-keys .*locked has a passphrase")
            .And.MatchRegex("problem +images .*'wrong-format'.*format says raw")
            .And.MatchRegex("problem +images .*'no-such-domain'.*similar names are: 'kiosk-stateless'")
            .And.MatchRegex("problem +images .*'by-uuid'.*is a UUID")
            .And.MatchRegex("problem +images .*'pool-disk'.*vda")
            .And.MatchRegex("warning +images .*'vmdk'.*format vmdk");
        exit.Output.Split("'pool-disk'").Should().HaveCount(2, "a mistake is told once: {0}", exit.Output);
    }

    private string At(string name) => _bench.PathOf($"srv/{name}");

    private void CopyCases()
    {
        var from = Path.Combine(AppContext.BaseDirectory, "cases/yaml");
        foreach (var file in Directory.EnumerateFiles(from, "*", new EnumerationOptions { RecurseSubdirectories = true }))
        {
            _bench.Write($"srv/{Path.GetRelativePath(from, file)}", File.ReadAllText(file).Replace("/srv/ci/", At(""), StringComparison.Ordinal));
        }

        Configure($"test://{At("node.xml")}");
    }

    private void Configure(string uri) => _bench.Write(
        "srv/vm-executor.yaml",
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "cases/yaml/vm-executor.yaml"))
            .Replace("/srv/ci/", At(""), StringComparison.Ordinal).Replace("qemu:///session", uri, StringComparison.Ordinal));

    private static void Iso(string path)
    {
        var content = new byte[64 << 10];
        "CD001"u8.CopyTo(content.AsSpan(32769));
        content[510] = 0x55;
        content[511] = 0xaa;
        File.WriteAllBytes(path, content);
    }

    private void Node() => _bench.Write(
        "srv/node.xml",
        $"""
        <node>
          <domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
            <test:runstate>5</test:runstate>
            <name>kiosk-stateless</name>
            <uuid>{Uuid}</uuid>
            <memory unit='MiB'>32</memory>
            <os><type>hvm</type></os>
            <devices>
              <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{At("img/kiosk.qcow2")}'/><target dev='vda' bus='virtio'/></disk>
            </devices>
          </domain>
          <domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
            <test:runstate>5</test:runstate>
            <name>terraformed</name>
            <memory unit='MiB'>32</memory>
            <os><type>hvm</type></os>
            <devices>
              <disk type='volume' device='disk'><driver name='qemu' type='qcow2'/><source pool='default' volume='terraformed-root.qcow2'/><target dev='vda' bus='virtio'/></disk>
            </devices>
          </domain>
        </node>
        """);
}
