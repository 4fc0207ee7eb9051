using System.Text.Json;
using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Instruments;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary><c>clone</c> with real VMs, which have nothing to boot: what is looked at is what libvirt and QEMU make of the definitions and files.</summary>
[AlwaysCold("no job runs")]
public sealed class CloneForPeopleTests(TestMachine machine) : BenchTest(machine)
{
    private static readonly string[] Virsh = ["-q", "-c", "qemu:///system"];
    private string _directory = "";

    private string Source => $"base-{Bench.Token}";

    private string Clone => $"web-{Bench.Token}";

    private string System => Path.Combine(_directory, "system.qcow2");

    private string Data => Path.Combine(_directory, "data.raw");

    public override async ValueTask DisposeAsync()
    {
        foreach (var domain in new[] { Clone, Source })
        {
            await HostCommand.TryAsync("virsh", [.. Virsh, "destroy", domain]);
            await HostCommand.TryAsync("virsh", [.. Virsh, "undefine", domain]);
            File.Delete($"/var/log/libvirt/qemu/{domain}.log");
        }

        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_source_is_cloned_and_cannot_be_started_while_it_has_clones()
    {
        await DefineAsync();
        var definition = await VirshAsync("dumpxml", "--inactive", Source);
        var content = await ContentAsync();
        var closed = Bench.MakeDirectory("closed");
        File.SetUnixFileMode(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        // QEMU's user cannot get to the overlays: the clone is made, does not start, and is undone.
        var undone = await Bench.CommandAsync("clone", Source, Clone, "-c", "qemu:///system", "--dir", closed, "--start");
        var afterUndoing = (Files: Directory.GetFileSystemEntries(closed), Modes: Modes(), Domain: (await HostCommand.TryAsync("virsh", [.. Virsh, "domstate", Clone])).ExitCode);
        var made = await Bench.CommandAsync("clone", Source, Clone, "-c", "qemu:///system", "--start");
        var state = await VirshAsync("domstate", Clone);
        var chains = await ChainsAsync();
        var backing = new[] { await BackingAsync("vda"), await BackingAsync("vdb") };
        var besideRunningClone = await HostCommand.TryAsync("virsh", [.. Virsh, "start", Source]);
        await VirshAsync("blockpull", Clone, "vdb", "--wait");
        var chainsAfterPull = await ChainsAsync();
        await VirshAsync("destroy", Clone);
        var besideStoppedClone = await HostCommand.TryAsync("virsh", [.. Virsh, "start", Source]);
        var tooEarly = await Bench.CommandAsync("clone", "--release", Source, "-c", "qemu:///system");
        var untouched = (Definition: await VirshAsync("dumpxml", "--inactive", Source), Content: await ContentAsync());
        await VirshAsync("undefine", Clone);
        var released = await Bench.CommandAsync("clone", "--release", Source, "-c", "qemu:///system");
        await VirshAsync("start", Source);

        undone.ExitCode.Should().Be(2, undone.ToString());
        undone.Error.Should().ContainAll("VMX1914", closed, "chmod a+x");
        afterUndoing.Files.Should().BeEmpty();
        afterUndoing.Modes.Should().OnlyContain(mode => mode.HasFlag(UnixFileMode.UserWrite));
        afterUndoing.Domain.Should().NotBe(0);
        made.ExitCode.Should().Be(0, made.ToString());
        made.Output.Should().Be($"{Clone}\n");
        state.Trim().Should().Be("running");
        backing.Should().Equal((System, "qcow2"), (Data, "raw"));
        chains.Should().Equal(System, Data);
        chainsAfterPull.Should().Equal([System], "libvirt keeps the definition up to date of what is pulled while the clone runs");
        besideRunningClone.ExitCode.Should().NotBe(0, "QEMU's lock, or the mode, keeps it off");
        besideStoppedClone.ExitCode.Should().NotBe(0);
        besideStoppedClone.Error.Should().Contain("Permission denied");
        tooEarly.Error.Should().ContainAll("VMX1915", Clone);
        untouched.Should().Be((definition, content));
        released.ExitCode.Should().Be(0, released.ToString());
    }

    /// <summary>Every file below an overlay that the clone's persistent definition names.</summary>
    private async Task<IReadOnlyList<string>> ChainsAsync() =>
        [.. XElement.Parse(await VirshAsync("dumpxml", "--inactive", Clone)).Descendants("backingStore").Elements("source").Attributes("file").Select(file => file.Value)];

    private IEnumerable<UnixFileMode> Modes() => [File.GetUnixFileMode(System), File.GetUnixFileMode(Data)];

    private async Task<string> ContentAsync() => await HostCommand.OutputAsync("sha256sum", System, Data);

    private async Task<(string?, string?)> BackingAsync(string target)
    {
        using var info = JsonDocument.Parse(await HostCommand.OutputAsync("qemu-img", "info", "-U", "--output=json", Path.Combine(_directory, $"{Clone}-{target}.qcow2")));
        return (info.RootElement.GetProperty("full-backing-filename").GetString(), info.RootElement.GetProperty("backing-filename-format").GetString());
    }

    private async Task DefineAsync()
    {
        _directory = Bench.MakeDirectory("base");
        await HostCommand.OutputAsync("qemu-img", "create", "-q", "-f", "qcow2", System, "8M");
        await HostCommand.OutputAsync("qemu-img", "create", "-q", "-f", "raw", Data, "4M");
        var xml = Path.Combine(_directory, "domain.xml");
        await File.WriteAllTextAsync(
            xml,
            $"""
            <domain type='qemu'>
              <name>{Source}</name>
              <memory unit='MiB'>64</memory>
              <os><type arch='x86_64' machine='q35'>hvm</type></os>
              <features><acpi/></features>
              <devices>
                <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{System}'/><target dev='vda' bus='virtio'/></disk>
                <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{Data}'/><target dev='vdb' bus='virtio'/></disk>
                <interface type='user'><model type='virtio'/></interface>
                <serial type='pty'/>
              </devices>
            </domain>
            """);
        await VirshAsync("define", "--validate", xml);
    }

    private static Task<string> VirshAsync(params string[] arguments) => HostCommand.OutputAsync("virsh", [.. Virsh, .. arguments]);
}
