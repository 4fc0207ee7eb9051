using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Linking;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt;
using VmExecutor.Host.Linking;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Host.Tests.Libvirt;
using Xunit;

namespace VmExecutor.Host.Tests.Linking;

/// <summary>Definitions of clones as the real libvirt takes and keeps them. Nothing is started.</summary>
public sealed class LinkDefinitionTests : IDisposable
{
    private const string Uri = "qemu:///system";
    private readonly LinkWorld _world = new();
    private readonly LibvirtHypervisor _libvirt = new(Uri, TimeSpan.FromSeconds(60), TimeProvider.System);
    private readonly string _source = $"vmx-link-base-{Guid.NewGuid():N}";
    private readonly string _clone = $"vmx-link-web-{Guid.NewGuid():N}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        foreach (var domain in new[] { _clone, _source })
        {
            Virsh.Run("undefine", domain, "--nvram");
        }

        _libvirt.Dispose();
        _world.Dispose();
    }

    [Theory(Timeout = 120_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_whole_chain_is_in_the_definition_unless_it_is_not_wanted(bool statesChains)
    {
        Prerequisite.Libvirt();
        QemuTool.Img("create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", _world.At("root.qcow2").Value, _world.At("middle.qcow2").Value);

        var kept = await CloneAsync($"<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{_world.At("middle.qcow2")}'/><target dev='vda' bus='virtio'/></disk>", statesChains);

        var disk = kept.Element("devices")!.Elements("disk").Single();
        var files = disk.Descendants("backingStore").Elements("source").Attributes("file").Select(file => file.Value);
        files.Should().Equal(statesChains ? [_world.At("middle.qcow2").Value, _world.At("root.qcow2").Value] : []);
        disk.Descendants("backingStore").Elements("format").Attributes("type").Select(format => format.Value).Should().Equal(statesChains ? ["qcow2", "qcow2"] : []);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_passwords_of_displays_are_taken_over()
    {
        Prerequisite.Libvirt();

        var kept = await CloneAsync(
            """
            <graphics type='vnc' autoport='yes' listen='0.0.0.0' passwd='s3cret' passwdValidTo='2035-01-01T00:00:00'/>
            """,
            statesChains: true);

        var display = kept.Element("devices")!.Element("graphics")!;
        ((string?)display.Attribute("passwd")).Should().Be("s3cret");
        ((string?)display.Attribute("passwdValidTo")).Should().Be("2035-01-01T00:00:00");
        ((string?)display.Attribute("listen")).Should().Be("0.0.0.0");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_display_that_is_kept_to_loopback_is_one_for_libvirt()
    {
        Prerequisite.Libvirt();
        var display = "<graphics type='vnc' port='5999' autoport='no' listen='0.0.0.0' passwd='s3cret'/>";
        await _libvirt.DefineAsync(Domain(display), Token);
        var seen = await _libvirt.FindXmlAsync(_source, inactive: true, Token);

        await _libvirt.DefineAsync(Named(LinkDisplays.KeepLocal(XElement.Parse(seen!))), Token);

        var kept = XElement.Parse((await _libvirt.FindDefinitionAsync(_clone, Token))!.Xml).Element("devices")!.Element("graphics")!;
        ((string?)kept.Attribute("listen")).Should().Be("127.0.0.1");
        kept.Attribute("passwd").Should().BeNull();
    }

    private async Task<XElement> CloneAsync(string devices, bool statesChains)
    {
        await _libvirt.DefineAsync(Domain(devices), Token);
        var source = await new LinkSource(_libvirt, new DomainStopper(_libvirt, TimeProvider.System)).FindAsync(_source, [], Token);
        var name = VmName.TryParse(_clone, out var parsed) ? parsed : throw new InvalidOperationException();
        var plan = await _world.Planner.PlanAsync(source.Xml, name, _world.Directory, evenIfWritten: false, Token);
        await _libvirt.DefineAsync(LinkedDomain.Derive(source.Xml, plan with { StatesChains = statesChains }).ToString(), Token);
        return XElement.Parse((await _libvirt.FindDefinitionAsync(_clone, Token))!.Xml);
    }

    private string Named(XElement source)
    {
        source.Element("uuid")!.Remove();
        source.Element("name")!.Value = _clone;
        return source.ToString();
    }

    private string Domain(string devices) =>
        $"""
        <domain type='qemu'>
          <name>{_source}</name>
          <memory unit='MiB'>32</memory>
          <os><type arch='x86_64' machine='q35'>hvm</type></os>
          <devices>{devices}</devices>
        </domain>
        """;
}
