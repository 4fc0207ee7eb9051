using System.Diagnostics;
using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary><c>clone</c> as people type it, against libvirt's own test driver, whose domains are what a file says.</summary>
public sealed class CloneCommandTests : IDisposable
{
    private const int Off = 5;
    private const int Running = 1;
    private readonly StageBench _bench = new();

    public CloneCommandTests()
    {
        QemuTool.Img("create", "-q", "-f", "qcow2", Disk, "8M");
        _bench.Environment.Remove("VM_EXECUTOR_CONFIG");
        Node(Off);
    }

    private string Disk => _bench.PathOf("base-disk.qcow2");

    private string Uri => $"test://{_bench.PathOf("node.xml")}";

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task A_clone_is_made_beside_the_source_and_its_name_is_all_that_a_script_reads()
    {
        var exit = await _bench.RunAsync("clone", "base", "-c", Uri);

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Output.Should().Be("base-clone\n");
        exit.Error.Should().ContainAll("linked clone of 'base'", _bench.PathOf("base-clone-vda.qcow2"), "clone --release base", "undefine base-clone --nvram");
        QemuTool.Img("info", _bench.PathOf("base-clone-vda.qcow2")).Should().Contain($"backing file: {Disk}").And.Contain("backing file format: qcow2");
        File.GetUnixFileMode(Disk).Should().NotHaveFlag(UnixFileMode.UserWrite);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("VIRSH_DEFAULT_CONNECT_URI")]
    [InlineData("LIBVIRT_DEFAULT_URI")]
    public async Task The_libvirt_is_the_one_that_virsh_would_take(string variable)
    {
        _bench.Environment[variable] = Uri;

        var exit = await _bench.RunAsync("clone", "base", "web");

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Output.Should().Be("web\n");
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_a_word_from_the_environment_the_configuration_says_which_libvirt()
    {
        _bench.Write("vm-executor.yaml", $"state_dir: {_bench.PathOf("state")}\nimages_dir: images\nlibvirt:\n  uri: {Uri}\n");

        var exit = await _bench.RunAsync("clone", "base", "--config", _bench.PathOf("vm-executor.yaml"));

        exit.ExitCode.Should().Be(0, exit.ToString());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_dry_run_prints_XML_and_commands_and_changes_nothing()
    {
        var before = _bench.Entries();
        var directory = Directory.CreateDirectory(_bench.PathOf("fast")).FullName;

        var exit = await _bench.RunAsync("clone", "base", "web", "-c", Uri, "--dir", "fast", "--start", "--dry-run");

        exit.ExitCode.Should().Be(0, exit.ToString());
        var domain = XElement.Parse(exit.Output);
        ((string)domain.Element("name")!).Should().Be("web");
        domain.Descendants("disk").Elements("source").Attributes("file").Single().Value.Should().Be($"{directory}/web-vda.qcow2");
        exit.Error.Split('\n').Should().ContainInOrder(
            $"chmod a-w {Disk}",
            $"qemu-img create -q -u -f qcow2 -F qcow2 -b {Disk} -- {directory}/web-vda.qcow2 8388608",
            $"virsh -c {Uri} define web.xml",
            $"virsh -c {Uri} start web");
        Directory.Delete(directory);
        _bench.Entries().Should().Equal(before);
        File.GetUnixFileMode(Disk).Should().HaveFlag(UnixFileMode.UserWrite);
    }

    [Fact(Timeout = 60_000)]
    public async Task No_output_has_the_password_of_a_display_and_what_is_printed_locks_it()
    {
        Node(Off, "<graphics type='vnc' port='5900' autoport='no' listen='0.0.0.0' passwd='s3cret'/>" +
            "<disk type='network' device='cdrom'><source protocol='https' name='/a.iso'><host name='iso.example.com' port='443'/><cookies><cookie name='session'>s3cret</cookie></cookies></source><target dev='sda' bus='sata'/><readonly/></disk>");

        var dry = await _bench.RunAsync("clone", "base", "web", "-c", Uri, "--dry-run");
        var made = await _bench.RunAsync("clone", "base", "web", "-c", Uri);

        XElement.Parse(dry.Output).Descendants("graphics").Attributes("passwd").Single().Value.Should().BeEmpty();
        dry.Error.Should().ContainAll("password is taken over but not printed", "other secrets of the source are taken over but not printed", "dumpxml --security-info base", "virsh domdisplay web");
        made.ExitCode.Should().Be(0, made.ToString());
        foreach (var exit in new[] { dry, made })
        {
            exit.ToString().Should().NotContain("s3cret");
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task All_that_is_refused_is_named_at_once_and_only_some_parts_can_be_allowed()
    {
        Node(
            Off,
            """
            <disk type='network' device='disk'><source protocol='rbd' name='pool/x'/><target dev='vdb'/></disk>
            <disk type='network' device='disk'><source protocol='nbd' name='x'><host name='localhost' port='1'/></source><target dev='vdc'/></disk>
            """);

        var refused = await _bench.RunAsync("clone", "base", "-c", Uri);
        var wrong = await _bench.RunAsync("clone", "base", "-c", Uri, "--allow-part", "devices/disk");

        refused.ShouldFail(StageBench.SystemFailure, "VMX12", "vdb");
        refused.Error.Should().Contain("vdc").And.NotContain("YAML");
        wrong.ShouldFail(StageBench.SystemFailure, "VMX1901", "--allow-part 'devices/disk' cannot be allowed");
    }

    [Fact(Timeout = 60_000)]
    public async Task The_chain_is_in_the_definition_unless_it_is_not_wanted()
    {
        var stated = await _bench.RunAsync("clone", "base", "web", "-c", Uri, "--dry-run");
        var left = await _bench.RunAsync("clone", "base", "web", "-c", Uri, "--dry-run", "--no-backing-store");

        XElement.Parse(stated.Output).Descendants("backingStore").Elements("source").Attributes("file").Single().Value.Should().Be(Disk);
        XElement.Parse(left.Output).Descendants("backingStore").Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_running_source_is_refused_with_its_state_and_asked_to_shut_down_on_request()
    {
        Node(Running);

        var refused = await _bench.RunAsync("clone", "base", "-c", Uri);
        var asked = await _bench.RunAsync("clone", "base", "-c", Uri, "--shutdown", "--start");

        refused.ShouldFail(StageBench.SystemFailure, "VMX1203", "'base' is running", "--shutdown");
        asked.ExitCode.Should().Be(0, asked.ToString());
        asked.Error.Should().ContainAll("asking 'base' to shut down", "and runs");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_signal_undoes_what_was_made_so_far()
    {
        var before = _bench.Entries();
        _bench.Environment["PATH"] = $"{Path.Combine(AppContext.BaseDirectory, "stand-ins/waiting")}:/usr/bin:/bin";

        var exit = await _bench.RunAsync(ExistsAsync(_bench.PathOf("making")), "clone", "base", "-c", Uri);

        exit.ExitCode.Should().Be(StageBench.SystemFailure, exit.ToString());
        exit.Error.Should().Contain("Cancelled");
        _bench.Entries().Should().Equal(before.Append(_bench.PathOf("making")).Order(StringComparer.Ordinal));
        File.GetUnixFileMode(Disk).Should().HaveFlag(UnixFileMode.UserWrite);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("VMX1204", "similar names are: 'base'", "bsae")]
    [InlineData("VMX1910", "'base' already", "base", "base")]
    [InlineData("VMX1901", "cannot be a clone's name", "base", "a/b")]
    [InlineData("VMX1901", "--release takes the source alone", "base", "--release", "--start")]
    [InlineData("VMX1901", "--release takes the source alone", "base", "--release", "--no-backing-store")]
    [InlineData("VMX1911", "/nonexistent", "base", "--dir", "/nonexistent")]
    [InlineData("VMX1911", "in memory", "base", "--dir", "/dev/shm")]
    public async Task An_impossible_clone_is_refused_with_names(string code, string message, params string[] arguments)
    {
        var exit = await _bench.RunAsync(["clone", .. arguments, "-c", Uri]);

        exit.ShouldFail(StageBench.SystemFailure, code, message);
        exit.Output.Should().BeEmpty();
        File.GetUnixFileMode(Disk).Should().HaveFlag(UnixFileMode.UserWrite);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("qemu+ssh://elsewhere/system", "VMX1913", "another machine's libvirt")]
    [InlineData("test:///nonexistent/node.xml", "VMX1301", "test:///nonexistent/node.xml")]
    [InlineData("nonsense", "VMX1301", "nonsense")]
    public async Task A_libvirt_that_cannot_be_had_is_named(string uri, string code, string message)
    {
        var exit = await _bench.RunAsync("clone", "base", "-c", uri);

        exit.ShouldFail(StageBench.SystemFailure, code, message);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_source_is_released_when_it_has_no_clone()
    {
        await _bench.RunAsync("clone", "base", "-c", Uri);

        // A new connection of the test driver has forgotten the clone.
        var exit = await _bench.RunAsync("clone", "--release", "base", "-c", Uri);

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Error.Should().Contain("can be started again").And.Contain(Disk);
        File.GetUnixFileMode(Disk).Should().HaveFlag(UnixFileMode.UserWrite);
    }

    private void Node(int state, string devices = "") => _bench.Write(
        "node.xml",
        $"""
        <node>
          <domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
            <test:runstate>{state}</test:runstate>
            <name>base</name>
            <memory unit='MiB'>32</memory>
            <os><type>hvm</type></os>
            <devices>
              <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{Disk}'/><target dev='vda' bus='virtio'/></disk>
              {devices}
            </devices>
          </domain>
        </node>
        """);

    private static async Task ExistsAsync(string file)
    {
        var waited = Stopwatch.StartNew();
        while (!File.Exists(file) && waited.Elapsed < TimeSpan.FromSeconds(50))
        {
            await Task.Delay(20);
        }
    }
}
