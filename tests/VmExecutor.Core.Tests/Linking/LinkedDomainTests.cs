using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Linking;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Linking;

public sealed class LinkedDomainTests
{
    private const string Source =
        """
        <domain type='kvm' id='7'>
          <name>base</name>
          <uuid>11111111-2222-3333-4444-555555555555</uuid>
          <title>My base</title>
          <metadata>
            <other xmlns='urn:other'/>
            <job xmlns='urn:vm-executor:job:1' key='abc-1-abcdef'/>
            <link xmlns='urn:vm-executor:link:1' source='older'><base path='/older'/></link>
          </metadata>
          <memory unit='GiB'>4</memory>
          <vcpu>4</vcpu>
          <sysinfo type='smbios'><system><entry name='uuid'>11111111-2222-3333-4444-555555555555</entry><entry name='product'>x</entry></system></sysinfo>
          <os>
            <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
            <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>
            <nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'>/nvram/base_VARS.fd</nvram>
          </os>
          <on_poweroff>restart</on_poweroff>
          <devices>
            <disk type='file' device='disk' snapshot='external'>
              <driver name='qemu' type='qcow2' cache='none' io='native' discard='unmap'/>
              <source file='/base/system.qcow2' index='3'/>
              <backingStore type='file'><format type='qcow2'/><source file='/old/chain.qcow2'/></backingStore>
              <target dev='vda' bus='virtio'/><serial>SYS</serial><alias name='virtio-disk0'/>
            </disk>
            <disk type='block' device='disk'><driver name='qemu' type='raw'/><source dev='/dev/vg/data'/><target dev='vdb' bus='virtio'/></disk>
            <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/base/tools.raw'/><target dev='vdc' bus='virtio'/><readonly/></disk>
            <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/base/shared.raw'/><target dev='vdd' bus='virtio'/><shareable/></disk>
            <disk type='file' device='cdrom'><source file='/iso/seed.iso'/><target dev='sda' bus='sata'/></disk>
            <interface type='bridge'><mac address='52:54:00:aa:bb:cc'/><source bridge='br0'/><target dev='mytap'/><model type='virtio'/><filterref filter='clean-traffic'/></interface>
            <interface type='network'><mac address='52:54:00:aa:bb:cd'/><source network='second'/><model type='e1000e'/></interface>
            <serial type='file'><source path='/var/log/base.log'/><target type='isa-serial' port='0'/></serial>
            <serial type='tcp'><source mode='bind' host='127.0.0.1' service='4555'/><protocol type='raw'/><target type='isa-serial' port='1'/></serial>
            <serial type='unix'><source mode='bind' path='/run/console.sock'/><log file='/var/log/second.log'/><target type='isa-serial' port='2'/></serial>
            <channel type='unix'><source mode='bind' path='/run/base.agent'/><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
            <graphics type='vnc' port='5900' autoport='no'/>
            <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>
            <vsock model='virtio'><cid auto='no' address='77'/></vsock>
            <hostdev mode='subsystem' type='usb'><source><vendor id='0x1'/><product id='0x2'/></source></hostdev>
          </devices>
        </domain>
        """;

    private static readonly Guid Uuid = new("aaaaaaaa-0000-4000-8000-000000000001");
    private static readonly XElement Original = XElement.Parse(Source);

    private static readonly Dictionary<string, BackingChain> Chains = new()
    {
        ["vda"] = TestPlan.Chain("/base/system.qcow2", "/older/root.raw"),
        ["vdb"] = new([new BackingFile(new AbsolutePath("/dev/vg/data"), "raw", true)], ByteSize.FromMebibytes(1)),
    };

    private readonly XElement _clone = LinkedDomain.Derive(Original, Plan());

    private IEnumerable<XElement> Devices(string name) => _clone.Element("devices")!.Elements(name);

    [Fact]
    public void Name_UUID_and_addresses_are_the_clones_own()
    {
        ((string)_clone.Element("name")!).Should().Be("web");
        ((string)_clone.Element("uuid")!).Should().Be("aaaaaaaa-0000-4000-8000-000000000001");
        _clone.Attribute("id").Should().BeNull();
        _clone.Descendants("entry").Attributes("name").Select(name => name.Value).Should().Equal("product");
        var addresses = Devices("interface").Elements("mac").Attributes("address").Select(address => address.Value).ToList();
        addresses.Should().OnlyHaveUniqueItems().And.HaveCount(2).And.OnlyContain(address => address.StartsWith("52:54:00:")).And.NotContain("52:54:00:aa:bb:cc");
    }

    [Fact]
    public void Hardware_and_networks_stay_as_they_are()
    {
        foreach (var kept in new[] { "memory", "vcpu", "on_poweroff" })
        {
            _clone.Element(kept)!.Should().BeEquivalentTo(Original.Element(kept));
        }

        Devices("interface").Elements("source").Select(source => source.ToString()).Should().Equal("<source bridge=\"br0\" />", "<source network=\"second\" />");
        Devices("interface").Elements("filterref").Should().ContainSingle();
        Devices("interface").Elements("target").Should().BeEmpty("two machines cannot both be mytap");
        Devices("hostdev").Should().ContainSingle("people may want to give it to one after the other");
    }

    [Fact]
    public void Every_disk_that_can_be_written_to_is_an_overlay_of_its_own()
    {
        var disks = Devices("disk").ToList();
        disks[0].Element("source")!.ToString().Should().Be("<source file=\"/base/web-vda.qcow2\" />");
        disks[0].Element("driver")!.ToString().Should().Be("<driver name=\"qemu\" cache=\"none\" io=\"native\" discard=\"unmap\" type=\"qcow2\" />");
        ((string?)disks[0].Attribute("snapshot")).Should().Be("external");
        disks[0].Element("backingStore")!.ToString(SaveOptions.DisableFormatting).Should().Be(
            "<backingStore type=\"file\"><format type=\"qcow2\" /><source file=\"/base/system.qcow2\" />"
            + "<backingStore type=\"file\"><format type=\"raw\" /><source file=\"/older/root.raw\" /><backingStore /></backingStore></backingStore>");
        disks[1].Element("backingStore")!.ToString(SaveOptions.DisableFormatting).Should().Be(
            "<backingStore type=\"block\"><format type=\"raw\" /><source dev=\"/dev/vg/data\" /><backingStore /></backingStore>");
        ((string?)disks[1].Attribute("type")).Should().Be("file");
        disks[1].Element("source")!.ToString().Should().Be("<source file=\"/dev/vg/web-vdb.qcow2\" />");
        ((string?)disks[1].Element("driver")!.Attribute("type")).Should().Be("qcow2");
    }

    [Fact]
    public void A_chain_is_left_out_where_that_is_wanted_or_libvirt_has_no_name_for_a_format()
    {
        LinkedDomain.Derive(Original, Plan() with { StatesChains = false }).Descendants("backingStore").Should().BeEmpty();

        var plan = Plan();
        var odd = plan with { Disks = [.. plan.Disks.Select(disk => disk with { Base = new BackingChain([disk.Base.Top with { Format = "vhdx" }], disk.Base.VirtualSize) })] };
        LinkedDomain.Derive(Original, odd).Descendants("backingStore").Should().BeEmpty();
        LinkRemarks.Of(Original, odd).Should().Contain(remark => remark.Contains("vda stands on (vhdx)"));
    }

    [Fact]
    public void Disks_that_are_not_written_to_are_shared_as_they_are()
    {
        var original = Original.Element("devices")!.Elements("disk").Skip(2).Select(disk => disk.ToString());

        Devices("disk").Skip(2).Select(disk => disk.ToString()).Should().Equal(original);
    }

    [Fact]
    public void A_directory_for_the_clones_files_takes_them_all()
    {
        var plan = Plan(new AbsolutePath("/fast"));

        plan.Disks.Select(disk => disk.Overlay.Value).Should().Equal("/fast/web-vda.qcow2", "/fast/web-vdb.qcow2");
        plan.Nvram!.To.Value.Should().Be("/fast/web_VARS.fd");
    }

    [Fact]
    public void UEFI_variables_are_copied_where_there_are_some()
    {
        Plan().Nvram.Should().Be(new LinkNvram(new AbsolutePath("/nvram/base_VARS.fd"), new AbsolutePath("/nvram/web_VARS.fd")));
        var nvram = _clone.Element("os")!.Element("nvram")!;
        nvram.Value.Should().Be("/nvram/web_VARS.fd");
        ((string?)nvram.Attribute("template")).Should().Be("/usr/share/OVMF/OVMF_VARS_4M.fd");
    }

    [Fact]
    public void A_source_that_was_never_started_leaves_the_making_of_UEFI_variables_to_libvirt()
    {
        var nvram = LinkedDomain.Derive(Original, Plan(exists: false)).Element("os")!.Element("nvram")!;

        nvram.ToString().Should().Be("<nvram template=\"/usr/share/OVMF/OVMF_VARS_4M.fd\" />");
    }

    [Fact]
    public void Files_and_sockets_of_the_hosts_side_are_the_clones_own()
    {
        var serials = Devices("serial").ToList();
        ((string?)serials[0].Element("source")!.Attribute("path")).Should().Be("/var/log/web.log");
        ((string?)serials[2].Element("source")!.Attribute("path")).Should().Be("/run/console.sock.web");
        ((string?)serials[2].Element("log")!.Attribute("file")).Should().Be("/var/log/second.log.web");
        Devices("channel").Elements("source").Should().BeEmpty("libvirt picks one");
        Devices("graphics").Single().ToString().Should().Be("<graphics type=\"vnc\" autoport=\"yes\" />");
        Devices("vsock").Elements("cid").Single().ToString().Should().Be("<cid auto=\"yes\" />");
    }

    [Fact]
    public void The_metadata_name_every_file_the_clone_stands_on_and_no_job()
    {
        var metadata = _clone.Element("metadata")!;
        metadata.Elements().Select(element => element.Name.NamespaceName).Should().Equal("urn:other", "urn:vm-executor:link:1");
        var link = metadata.Elements().Last();
        ((string?)link.Attribute("source")).Should().Be("base");
        link.Elements().Attributes("path").Select(path => path.Value).Should().Equal("/base/system.qcow2", "/older/root.raw", "/dev/vg/data");

        var asLibvirtSays = link.ToString().Replace("vml:", "", StringComparison.Ordinal);
        LinkStamp.StandsOn(asLibvirtSays, [new AbsolutePath("/older/root.raw")]).Should().BeTrue();
        LinkStamp.StandsOn(asLibvirtSays, [new AbsolutePath("/older")]).Should().BeFalse();
        LinkStamp.StandsOn("not xml", [new AbsolutePath("/older")]).Should().BeFalse();
    }

    [Fact]
    public void Parts_that_source_and_clone_cannot_both_have_are_named()
    {
        LinkRemarks.Of(Original, Plan()).Should().SatisfyRespectively(
            devices => devices.Should().Contain("hostdev (subsystem usb)"),
            tpm => tpm.Should().Contain("TPM begins empty"),
            port => port.Should().Contain("serial listens on port 4555"),
            display => display.Should().Contain("vnc display").And.Contain("virsh domdisplay web"));
        LinkRemarks.Of(XElement.Parse("<domain><name>x</name><devices/></domain>"), Plan()).Should().BeEmpty();
    }

    [Theory]
    [InlineData("<memory model='nvdimm'><source><path>/pmem</path></source><target/></memory>", "persistent memory in /pmem")]
    [InlineData("<disk type='network' device='disk'><source protocol='rbd' name='pool/x'/><target dev='vda'/></disk>", "type 'network'")]
    [InlineData("<disk type='file' device='disk'><source file='/x'><slices><slice type='storage' offset='0' size='1'/></slices></source><target dev='vda'/></disk>", "part of a file")]
    [InlineData("<disk type='block' device='lun'><source dev='/dev/sda'/><target dev='sda'/></disk>", "passed through")]
    public void Parts_that_a_clone_would_spoil_are_refused(string device, string message)
    {
        var source = XElement.Parse($"<domain><name>base</name><devices>{device}</devices></domain>");
        var derive = () => LinkedDomain.Derive(source, Plan(source: source));

        derive.Should().Throw<SystemFailureException>().WithMessage($"*{message}*");
    }

    [Fact]
    public void A_part_that_is_not_known_is_refused_with_the_option_that_keeps_it()
    {
        var source = XElement.Parse("<domain><name>base</name><devices><novelty a='b'/></devices></domain>");
        var derive = () => LinkedDomain.Derive(source, Plan(source: source));

        derive.Should().Throw<SystemFailureException>().Which.Hint.Should().Contain("--allow-part 'devices/novelty'").And.NotContain("YAML");
        LinkedDomain.Derive(source, Plan(source: source) with { AllowParts = new HashSet<string> { "devices/novelty" } })
            .Descendants("novelty").Should().ContainSingle().Which.ToString().Should().Be("<novelty a=\"b\" />");
    }

    private static LinkPlan Plan(AbsolutePath? directory = null, bool exists = true, XElement? source = null) => LinkPlan.For(
        source ?? Original, Name("web"), Uuid, Chains, file => directory ?? file.Parent(), _ => exists, TestPlan.Now);

    private static VmName Name(string text) => VmName.TryParse(text, out var name) ? name : throw new ArgumentException(text);
}
