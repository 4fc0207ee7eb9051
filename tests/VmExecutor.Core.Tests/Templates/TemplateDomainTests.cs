using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Templates;

public sealed class TemplateDomainTests
{
    // As libvirt 9.0 tells of a running template, inactive form, shortened.
    private const string Running =
        """
        <domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
          <name>vmx-template</name><uuid>11111111-2222-3333-4444-555555555555</uuid>
          <metadata><vmx:job xmlns:vmx='urn:vm-executor:job:1' key='template'/></metadata>
          <memory unit='KiB'>262144</memory><vcpu placement='static'>1</vcpu>
          <resource><partition>/machine</partition></resource>
          <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><nvram>/state/jobs/t/nvram.fd</nvram></os>
          <devices>
            <disk type='file' device='disk'>
              <driver name='qemu' type='qcow2' cache='unsafe'/><source file='/state/jobs/t/vda.qcow2'/>
              <backingStore type='file'><format type='qcow2'/><source file='/images/1/vda.disk'/><backingStore/></backingStore>
              <target dev='vda' bus='virtio'/><alias name='virtio-disk0'/><address type='pci' domain='0x0000' bus='0x02' slot='0x00' function='0x0'/>
            </disk>
            <disk type='file' device='disk'>
              <driver name='qemu' type='raw'/><source file='/state/jobs/t/seed.iso'/><target dev='vdz' bus='virtio'/><readonly/>
              <address type='pci' domain='0x0000' bus='0x03' slot='0x00' function='0x0'/>
            </disk>
            <controller type='pci' index='1' model='pcie-root-port'><target chassis='1' port='0x8'/><address type='pci' bus='0x00' slot='0x01' function='0x0'/></controller>
            <interface type='user'>
              <mac address='52:54:00:11:22:33'/><model type='virtio'/><alias name='net0'/><address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
            </interface>
            <serial type='file'><source path='/state/jobs/t/console.log'/><target type='isa-serial' port='0'/></serial>
            <console type='file'><source path='/state/jobs/t/console.log'/><target type='serial' port='0'/></console>
          </devices>
          <seclabel type='dynamic' model='dac' relabel='yes'/>
          <qemu:commandline>
            <qemu:arg value='-global'/><qemu:arg value='own.option=1'/>
            <qemu:arg value='-object'/><qemu:arg value='memory-backend-file,id=vmram,size=268435456,mem-path=/x/ram.img,share=on'/>
            <qemu:arg value='-machine'/><qemu:arg value='memory-backend=vmram'/>
          </qemu:commandline>
        </domain>
        """;

    private static readonly XNamespace Qemu = "http://libvirt.org/schemas/domain/qemu/1.0";

    [Fact]
    public void The_kept_definition_names_no_file_of_the_template_and_keeps_each_devices_place()
    {
        var frozen = Freeze();

        frozen.ToString().Should().NotContain("/state/jobs/t/vda").And.NotContain("seed.iso").And.NotContain("vmx-template").And.NotContain("urn:vm-executor").And.NotContain("ram.img");
        frozen.Descendants("address").Should().HaveCount(4);
        frozen.Elements().Select(element => element.Name.LocalName).Should().NotContain(["uuid", "metadata", "seclabel", "resource"]);
        Arguments(frozen).Should().Equal("-global", "own.option=1");
    }

    [Fact]
    public void A_clone_has_what_is_its_own_and_the_templates_machine()
    {
        var plan = TestPlan.For(TestPlan.Image());
        var clone = Thaw(plan);

        clone.Element("name")!.Value.Should().Be(plan.Domain.Value);
        clone.Element("uuid")!.Value.Should().Be(plan.Uuid.ToString("D"));
        StampXml.KeyIn(clone).Should().Be(plan.Job.Key.Value);
        clone.Element("os")!.Element("nvram")!.Value.Should().Be(plan.Paths.Nvram.Value);
        var disk = clone.Descendants("disk").First();
        disk.Element("source")!.Attribute("file")!.Value.Should().Be(plan.Paths.Overlay("vda").Value);
        disk.Elements("backingStore").Descendants("source").Select(source => (string?)source.Attribute("file")).Should().Equal("/t/vda.qcow2", "/images/1/vda.disk");
        clone.Descendants("interface").Single().Element("mac")!.Attribute("address")!.Value.Should().Be("52:54:00:11:22:33", "the guest has booted with it");
        clone.Descendants("serial").Single().Element("source")!.Attribute("path")!.Value.Should().Be(plan.Paths.Console.Value);
        clone.Descendants("address").Should().HaveCount(4);
    }

    [Fact]
    public void The_login_disk_is_a_copy_that_libvirt_may_give_to_qemus_user()
    {
        var plan = TestPlan.For(TestPlan.Image());

        var source = Thaw(plan).Descendants("disk").Last().Element("source")!;

        source.Attribute("file")!.Value.Should().Be(plan.Paths.Seed.Value);
        source.Elements("seclabel").Should().BeEmpty();
    }

    [Fact]
    public void Its_memory_is_the_templates_and_its_writes_are_its_own()
    {
        Arguments(Thaw(TestPlan.For(TestPlan.Image()))).Should().Equal(
            "-global", "own.option=1",
            "-object", "memory-backend-file,id=vmram,size=268435456,mem-path=/t/ram.img,share=off",
            "-machine", "memory-backend=vmram",
            "-incoming", "defer");
    }

    [Fact]
    public void A_memory_that_QEMU_opens_read_only_is_writable_for_the_guest_alone()
    {
        var clone = Thaw(TestPlan.For(TestPlan.Image()), isMemoryReadOnly: true);

        Arguments(clone).Should().Contain("memory-backend-file,id=vmram,size=268435456,mem-path=/t/ram.img,share=off,readonly=on,rom=off");
    }

    [Fact]
    public void Libvirt_is_spared_its_questions_about_the_processor_once_and_on_x86_only()
    {
        var clone = Thaw(TestPlan.For(TestPlan.Image()));

        clone.Elements(Qemu + "capabilities").Elements(Qemu + "del").Should().ContainSingle().Which.Attribute("capability")!.Value.Should().Be("cpu-unavailable-features");
        clone.Elements().Last().Name.Should().Be(Qemu + "capabilities", "the schema wants it after the command line");
        CloneProbing.Apply(clone);
        clone.Elements(Qemu + "capabilities").Should().ContainSingle();
        var arm = XElement.Parse("<domain><os><type arch='aarch64'>hvm</type></os></domain>");
        CloneProbing.Apply(arm);
        arm.Elements().Should().ContainSingle();
    }

    [Fact]
    public void A_template_writes_its_memory_into_the_file_and_waits_for_nothing()
    {
        var domain = XElement.Parse("<domain><memory unit='MiB'>64</memory></domain>");

        CloneMemory.Apply(domain, new MemoryFile(new AbsolutePath("/a,b/ram.img"), IsTemplate: true), incoming: false);

        Arguments(domain).Should().Equal(
            "-object", "memory-backend-file,id=vmram,size=67108864,mem-path=/a,,b/ram.img,share=on", "-machine", "memory-backend=vmram");
        CloneMemory.Remove(domain);
        domain.Elements(Qemu + "commandline").Should().BeEmpty();
    }

    [Fact]
    public void A_card_is_plugged_in_at_the_place_of_the_one_that_was_given_up()
    {
        var image = TestPlan.Image() with { Network = new NetworkSettings { Mode = NetworkMode.Libvirt, Name = "ci" } };
        var plan = TestPlan.For(image);

        var card = TemplateDomain.PlugIn(TemplateDomain.CardOf(XElement.Parse(Running))!, plan);

        card.Attribute("type")!.Value.Should().Be("network");
        card.Element("source")!.Attribute("network")!.Value.Should().Be("ci");
        card.Element("mac")!.Attribute("address")!.Value.Should().Be(plan.Mac(0).Value);
        card.Element("address")!.Attribute("bus")!.Value.Should().Be("0x01");
        card.Element("alias").Should().BeNull();
    }

    [Theory]
    [InlineData("<cpu><numa/></cpu>", NetworkMode.User, "several parts")]
    [InlineData("<maxMemory>1</maxMemory>", NetworkMode.User, "several parts")]
    [InlineData("<memoryBacking><hugepages/></memoryBacking>", NetworkMode.User, "memoryBacking")]
    [InlineData("<devices><tpm/></devices>", NetworkMode.User, "TPM")]
    [InlineData("<devices><interface/><interface/></devices>", NetworkMode.Libvirt, "several network cards")]
    public void Parts_that_cannot_be_frozen_are_named(string part, NetworkMode network, string said)
    {
        TemplateObstacles.In(XElement.Parse($"<domain>{part}</domain>"), network).Should().ContainSingle().Which.Should().Contain(said);
    }

    [Fact]
    public void A_usual_machine_has_nothing_in_its_way()
    {
        TemplateObstacles.In(XElement.Parse("<domain><memoryBacking><nosharepages/></memoryBacking><devices><interface/><interface/></devices></domain>"), NetworkMode.User)
            .Should().BeEmpty();
    }

    private static XElement Freeze() => TemplateDomain.Freeze(XElement.Parse(Running), new AbsolutePath("/state/jobs/t/seed.iso"));

    private static XElement Thaw(ClonePlan plan, bool isMemoryReadOnly = false)
    {
        var shape = new TemplateShape { Qemu = "7.2", Libvirt = "9.0", Accelerator = "tcg", Cpu = "emulated", Machine = "q35", Cpus = 1, MemoryBytes = 1, DiskBytes = 1, Devices = "d" };
        var template = new Template(new AbsolutePath("/t"), new TemplateRecord
        {
            Shape = shape,
            Made = default,
            Driver = "t",
            Files = [],
            HostKeys = [],
            LoginShell = "bash",
            IsMemoryReadOnly = isMemoryReadOnly,
        });
        var chains = new Dictionary<string, BackingChain> { ["vda"] = TestPlan.Chain("/t/vda.qcow2", "/images/1/vda.disk") };
        return TemplateDomain.Thaw(Freeze(), template, plan, TestPlan.Stamp(plan), chains);
    }

    private static IEnumerable<string> Arguments(XElement domain) =>
        domain.Elements(Qemu + "commandline").Elements(Qemu + "arg").Select(argument => argument.Attribute("value")!.Value);
}
