using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Clones;

public sealed class LinkedCloneTests
{
    private const string Source =
        """
        <domain type='kvm' id='7' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
          <name>base</name>
          <uuid>11111111-2222-3333-4444-555555555555</uuid>
          <title>My base</title>
          <metadata><other xmlns='urn:other'/></metadata>
          <memory unit='GiB'>4</memory>
          <currentMemory unit='GiB'>2</currentMemory>
          <vcpu placement='static' current='1'>4</vcpu>
          <cputune><vcpupin vcpu='3' cpuset='3'/><shares>10</shares></cputune>
          <sysinfo type='smbios'><system><entry name='uuid'>11111111-2222-3333-4444-555555555555</entry><entry name='product'>x</entry></system></sysinfo>
          <os>
            <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
            <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>
            <nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'>/var/lib/libvirt/qemu/nvram/base_VARS.fd</nvram>
          </os>
          <features><acpi/><hyperv mode='custom'><relaxed state='on'/></hyperv><kvm><hidden state='on'/></kvm></features>
          <cpu mode='host-passthrough'><topology sockets='1' cores='4' threads='1'/></cpu>
          <clock offset='utc'><timer name='rtc'/><timer name='kvmclock' present='yes'/></clock>
          <on_poweroff>restart</on_poweroff>
          <devices>
            <emulator>/usr/bin/qemu-system-x86_64</emulator>
            <disk type='file' device='disk'>
              <driver name='qemu' type='qcow2' cache='none' io='native' iothread='1'/>
              <source file='/base/system.qcow2' index='3'/>
              <backingStore type='file'><format type='qcow2'/><source file='/old/chain.qcow2'/></backingStore>
              <target dev='vda' bus='virtio'/><serial>SYS</serial><boot order='1'/><alias name='virtio-disk0'/>
              <address type='pci' domain='0x0000' bus='0x04' slot='0x00' function='0x0'/>
            </disk>
            <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/base/data.raw'/><target dev='vdb' bus='virtio'/></disk>
            <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/base/tools.raw'/><target dev='vdc' bus='virtio'/><readonly/></disk>
            <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/base/shared.raw'/><target dev='vdd' bus='virtio'/><shareable/></disk>
            <disk type='file' device='cdrom'><source file='/iso/seed.iso'/><target dev='sda' bus='sata'/></disk>
            <interface type='bridge'>
              <mac address='52:54:00:aa:bb:cc'/><source bridge='br0'/><target dev='vnet3'/><model type='virtio'/><filterref filter='clean-traffic'/>
              <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
            </interface>
            <interface type='network'><mac address='52:54:00:aa:bb:cd'/><source network='second'/><model type='e1000e'/></interface>
            <serial type='pty'><target type='isa-serial' port='0'/></serial>
            <serial type='tcp'><source mode='bind' host='127.0.0.1' service='4555'/><protocol type='raw'/><target type='isa-serial' port='1'/></serial>
            <console type='pty'><target type='serial' port='0'/></console>
            <channel type='unix'><source mode='bind' path='/run/base.agent'/><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
            <channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0'/></channel>
            <graphics type='vnc' port='5900' autoport='no'/>
            <video><model type='virtio'/></video>
            <redirdev bus='usb' type='spicevmc'/>
            <vsock model='virtio'><cid auto='no' address='77'/></vsock>
          </devices>
        </domain>
        """;

    private static readonly Dictionary<string, BackingChain> Chains = new()
    {
        ["vda"] = TestPlan.Chain("/base/system.qcow2", "/base/older.qcow2"),
        ["vdb"] = TestPlan.Chain("/base/data.raw"),
        ["vdd"] = TestPlan.Chain("/base/shared.raw"),
    };

    [Fact]
    public void The_clone_has_its_own_name_and_uuid_and_carries_the_stamp()
    {
        var clone = Derive();

        clone.Element("name")!.Value.Should().Be(TestPlan.For(TestPlan.Image()).Domain.Value);
        clone.Element("uuid")!.Value.Should().NotStartWith("11111111");
        clone.Attribute("id").Should().BeNull();
        clone.Descendants("entry").Select(entry => (string?)entry.Attribute("name")).Should().Equal("product");
        StampXml.KeyIn(clone).Should().Be("abc-1-" + TestPlan.For(TestPlan.Image()).Job.Key.Value[^6..]);
        clone.Element("metadata")!.Elements().Should().ContainSingle("other tools know the source by the others, and this is not the source");
        clone.Element("on_poweroff")!.Value.Should().Be("destroy");
    }

    [Fact]
    public void The_source_is_not_changed()
    {
        var source = XElement.Parse(Source);
        var before = source.ToString();

        Derive(source: source);

        source.ToString().Should().Be(before);
        StampXml.KeyIn(source).Should().BeNull();
    }

    [Fact]
    public void Writable_disks_become_overlays_with_their_whole_chain_and_keep_their_place()
    {
        var disk = Disk(Derive(), "vda");

        disk.Element("source")!.Attribute("file")!.Value.Should().Be($"/state/jobs/{TestPlan.For(TestPlan.Image()).Job.Key}/vda.qcow2");
        disk.Element("driver")!.ToString().Should().Be("<driver name=\"qemu\" iothread=\"1\" type=\"qcow2\" cache=\"unsafe\" discard=\"unmap\" />");
        disk.Element("boot")!.Attribute("order")!.Value.Should().Be("1");
        disk.Element("address")!.Attribute("bus")!.Value.Should().Be("0x04");
        disk.Element("alias").Should().BeNull();
        var first = disk.Element("backingStore")!;
        first.Element("format")!.Attribute("type")!.Value.Should().Be("qcow2");
        first.Element("source")!.Attribute("file")!.Value.Should().Be("/base/system.qcow2");
        first.Element("source")!.Element("seclabel")!.Attribute("relabel")!.Value.Should().Be("no");
        var second = first.Element("backingStore")!;
        second.Element("source")!.Attribute("file")!.Value.Should().Be("/base/older.qcow2");
        second.Element("backingStore")!.HasElements.Should().BeFalse("the chain must end, or libvirt probes for more");
    }

    [Fact]
    public void A_raw_base_gets_a_qcow2_overlay()
    {
        var disk = Disk(Derive(), "vdb");

        disk.Element("driver")!.Attribute("type")!.Value.Should().Be("qcow2");
        disk.Element("backingStore")!.Element("format")!.Attribute("type")!.Value.Should().Be("raw");
    }

    [Theory]
    [InlineData("vdc", "/base/tools.raw")]
    [InlineData("sda", "/iso/seed.iso")]
    public void Readonly_disks_and_cdroms_are_shared_as_they_are(string target, string file)
    {
        var disk = Disk(Derive(), target);

        disk.Element("source")!.Attribute("file")!.Value.Should().Be(file);
        disk.Element("source")!.Element("seclabel")!.Attribute("relabel")!.Value.Should().Be("no");
        disk.Element("backingStore").Should().BeNull();
    }

    [Fact]
    public void A_disk_that_the_source_shares_with_others_is_not_written_to_by_a_job()
    {
        var disk = Disk(Derive(), "vdd");

        disk.Element("shareable").Should().BeNull();
        disk.Element("source")!.Attribute("file")!.Value.Should().EndWith("/vdd.qcow2");
        disk.Element("backingStore")!.Element("source")!.Attribute("file")!.Value.Should().Be("/base/shared.raw");
    }

    [Fact]
    public void Cache_and_discard_can_be_tuned()
    {
        var image = TestPlan.Image() with { Disks = new DiskSettings { Cache = DiskCache.Writeback, Discard = DiskDiscard.Ignore } };

        var driver = Disk(Derive(image), "vda").Element("driver")!;

        driver.Attribute("cache")!.Value.Should().Be("writeback");
        driver.Attribute("discard")!.Value.Should().Be("ignore");
    }

    [Fact]
    public void Nvram_is_the_clones_own()
    {
        var clone = Derive();

        CloneFirmware.NvramOf(XElement.Parse(Source))!.Value.Should().Be("/var/lib/libvirt/qemu/nvram/base_VARS.fd");
        clone.Element("os")!.Element("nvram")!.Value.Should().Be($"/state/jobs/{TestPlan.For(TestPlan.Image()).Job.Key}/nvram.fd");
        clone.Element("os")!.Element("nvram")!.Attribute("template")!.Value.Should().EndWith("OVMF_VARS_4M.fd");
    }

    [Fact]
    public void User_network_keeps_the_first_card_in_its_place_and_leaves_the_bridge()
    {
        var card = Derive().Descendants("interface").Should().ContainSingle().Which;

        card.Attribute("type")!.Value.Should().Be("user");
        card.Elements().Select(element => element.Name.LocalName).Should().Equal("mac", "model", "address");
        card.Element("mac")!.Attribute("address")!.Value.Should().Be("52:54:00:aa:bb:cc", "a guest that is pinned to its address comes up, and the network is the clone's own");
    }

    [Fact]
    public void Libvirt_network_connects_the_first_card_and_keeps_the_others()
    {
        var image = TestPlan.Image() with { Network = new NetworkSettings { Mode = NetworkMode.Libvirt, Name = "ci" } };

        var cards = Derive(image).Descendants("interface").ToList();

        cards.Select(card => (string?)card.Element("source")!.Attribute("network")).Should().Equal("ci", "second");
        cards[0].Elements("filterref").Should().BeEmpty();
        cards.Select(card => (string?)card.Element("mac")!.Attribute("address")).Should().OnlyContain(mac => !mac!.Contains("aa:bb"), "source and clones would meet on that network");
    }

    [Fact]
    public void The_first_serial_port_writes_the_console_log_and_no_endpoint_of_the_source_is_opened_again()
    {
        var clone = Derive();

        var serials = clone.Descendants("serial").Where(serial => serial.HasElements).ToList();
        serials[0].Attribute("type")!.Value.Should().Be("file");
        serials[0].Element("source")!.Attribute("path")!.Value.Should().Be($"/state/jobs/{TestPlan.For(TestPlan.Image()).Job.Key}/console.log");
        serials[1].Attribute("type")!.Value.Should().Be("null");
        clone.ToString().Should().NotContain("4555").And.NotContain("5900").And.NotContain("base.agent").And.NotContain("spicevmc").And.NotContain("vnet3");
        clone.Descendants("channel").Should().ContainSingle("the guest agent's channel stays");
        clone.Descendants("cid").Single().Attribute("auto")!.Value.Should().Be("yes");
        clone.Descendants("video").Should().ContainSingle("the guest's hardware stays");
    }

    [Fact]
    public void Without_KVM_the_processor_is_emulated_and_KVMs_features_go()
    {
        var clone = Derive(accelerator: Accelerator.Tcg);

        clone.Attribute("type")!.Value.Should().Be("qemu");
        clone.Element("cpu")!.Attribute("mode")!.Value.Should().Be("maximum");
        clone.Element("cpu")!.Element("topology").Should().NotBeNull();
        clone.Element("features")!.Elements().Select(feature => feature.Name.LocalName).Should().Equal("acpi");
        clone.Element("clock")!.Elements("timer").Should().ContainSingle();
    }

    [Fact]
    public void With_KVM_the_hardware_stays_as_it_is()
    {
        var clone = Derive(accelerator: Accelerator.Kvm);

        clone.Attribute("type")!.Value.Should().Be("kvm");
        clone.Element("cpu")!.ToString().Should().Be(XElement.Parse(Source).Element("cpu")!.ToString());
        clone.Element("memory")!.ToString().Should().Be("<memory unit=\"GiB\">4</memory>");
    }

    [Fact]
    public void Sizes_of_the_plan_replace_the_sources_and_what_depended_on_them()
    {
        var plan = TestPlan.For(TestPlan.Image()) with { Sizes = new CloneSizes { Cpus = 2, Memory = ByteSize.FromMebibytes(512) } };

        var clone = LinkedClone.Derive(XElement.Parse(Source), plan, TestPlan.Stamp(plan), Chains, Accelerator.Kvm);

        clone.Element("vcpu")!.ToString().Should().Be("<vcpu>2</vcpu>");
        clone.Element("memory")!.ToString().Should().Be("<memory unit=\"KiB\">524288</memory>");
        clone.Element("currentMemory").Should().BeNull();
        clone.Descendants("topology").Should().BeEmpty();
        clone.Element("cputune")!.Elements().Select(tune => tune.Name.LocalName).Should().Equal("shares");
    }

    [Theory]
    [InlineData("<hostdev mode='subsystem' type='pci'/>", "hostdev (subsystem pci)")]
    [InlineData("<interface type='hostdev'/>", "network interface of type hostdev")]
    [InlineData("<interface type='direct'><source dev='eth0' mode='passthrough'/></interface>", "macvtap passthrough")]
    [InlineData("<filesystem type='mount'><source dir='/srv'/><target dir='srv'/></filesystem>", "shared directory /srv")]
    [InlineData("<tpm model='tpm-tis'><backend type='passthrough'/></tpm>", "TPM of the host")]
    [InlineData("<shmem name='s'/>", "shmem")]
    public void Devices_of_the_host_are_refused_by_name(string device, string named)
    {
        var source = XElement.Parse(Source);
        source.Element("devices")!.Add(XElement.Parse(device));

        var derive = () => Derive(source: source);

        var failure = derive.Should().Throw<SystemFailureException>().Which;
        failure.Code.Should().Be(ErrorCodes.SourceHasPassthrough);
        failure.Message.Should().Contain("'base'").And.Contain(named);
    }

    [Fact]
    public void A_project_path_cannot_break_out_of_the_stamp()
    {
        var plan = TestPlan.For(TestPlan.Image(), project: "a'/><evil key=\"x\"/>\u0001\uFFFF\n<b>");

        var clone = XElement.Parse(LinkedClone.Derive(XElement.Parse(Source), plan, TestPlan.Stamp(plan), Chains, Accelerator.Kvm).ToString());

        clone.Descendants("evil").Should().BeEmpty();
        StampXml.KeyIn(clone).Should().Be(plan.Job.Key.Value);
    }

    [Theory]
    [InlineData("pc-q35-7.2", true, 1)]
    [InlineData("pc-q35-7.2", false, 0)]
    [InlineData("virt-7.2", true, 1)]
    [InlineData("pc-i440fx-7.2", true, 0)]
    public void A_PCI_Express_machine_has_a_spare_port_where_its_job_may_need_one(string machine, bool wanted, int ports)
    {
        var plan = TestPlan.For(TestPlan.Image()) with { HasSparePort = wanted };

        var clone = LinkedClone.Derive(XElement.Parse(Source.Replace("pc-q35-7.2", machine, StringComparison.Ordinal)), plan, TestPlan.Stamp(plan), Chains, Accelerator.Kvm);

        clone.Descendants(QemuXml.Namespace + "arg").Count(argument => ((string)argument.Attribute("value")!).Contains("vmx-service-port", StringComparison.Ordinal)).Should().Be(ports);
        clone.Descendants("controller").Count(controller => (string?)controller.Attribute("model") == "pcie-root-port").Should().Be(Derive().Descendants("controller").Count(controller => (string?)controller.Attribute("model") == "pcie-root-port"));
    }

    private static XElement Derive(ImageDefinition? image = null, Accelerator accelerator = Accelerator.Kvm, XElement? source = null)
    {
        var plan = TestPlan.For(image ?? TestPlan.Image());
        return LinkedClone.Derive(source ?? XElement.Parse(Source), plan, TestPlan.Stamp(plan), Chains, accelerator);
    }

    private static XElement Disk(XElement domain, string target) =>
        domain.Descendants("disk").Single(disk => (string?)disk.Element("target")!.Attribute("dev") == target);
}
