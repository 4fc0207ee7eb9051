using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using Xunit;

namespace VmExecutor.Core.Tests.Clones.Parts;

/// <summary>Definitions as other tools write them. That libvirt accepts and QEMU starts what is derived of them is DerivedDefinitionTests' to say.</summary>
public sealed class ToolSourcesTests
{
    public static TheoryData<string, string> Clonable() => new()
    {
        { "tool-virt-install", "memoryBacking/source, memoryBacking/access" },
        { "tool-virt-manager-windows", "" },
        { "tool-gnome-boxes", "" },
        { "tool-vagrant", "" },
        { "tool-nova", "memoryBacking/source, memoryBacking/access, memoryBacking/allocation, memoryBacking/discard, vcpu/@cpuset" },
        { "tool-terraform", "" },
        { "tool-multipass", "resource" },
    };

    /// <summary>The parts of which an administrator is told without having asked.</summary>
    [Theory]
    [MemberData(nameof(Clonable))]
    public void A_tools_usual_machine_can_be_cloned_and_tells_what_jobs_do_not_get(string name, string notes)
    {
        var findings = DomainReview.Of(SourceVolumes.ResolveByPlaceholder(new SourceFile(name).Xml), ClonePurpose.Job, new HashSet<string>());

        findings.Should().NotContain(finding => finding.Refusal != null);
        string.Join(", ", findings.Where(finding => finding.IsNote).Select(finding => finding.Path)).Should().Be(notes);
        if (name != "tool-terraform")
        {
            Derive(name).Descendants().Select(element => element.Name.LocalName).Should().NotContain(["graphics", "redirdev", "smartcard", "bootmenu", "virtualport", "libosinfo", "instance"]);
        }
    }

    [Fact]
    public void All_that_a_machine_in_Ceph_cannot_share_is_named_at_once_with_its_disks()
    {
        var failure = Refused("tool-nova-ceph");

        failure.Code.Should().Be(ErrorCodes.SourcePartsRefused);
        failure.Message.Should().ContainAll("'instance-0000002b'", "disk 'vda'", "disk 'vdb'", "it is encrypted", "network interface of type vdpa", "shared directory /var/lib/nova/mnt/9f2d", "hostdev (subsystem mdev)");
        failure.Message.Should().NotContain("cdrom 'sda'", "a drive is ejected");
        failure.Hint.Should().Contain("qemu-img convert").And.Contain("allow_parts: ['devices/filesystem', 'devices/hostdev']");
    }

    [Fact]
    public void A_lease_of_oVirt_is_refused_by_name_and_the_machine_is_cloned_without_it()
    {
        Refused("tool-ovirt").Message.Should().ContainAll("'vm_1'", "lease '0c1d' in lockspace '8f0c'");

        var source = new SourceFile("tool-ovirt");
        source.Xml.Element("devices")!.Elements("lease").Remove();
        var clone = source.ForJob();
        clone.Descendants("disk").First().Element("source").Should().BeNull("an empty file name is an empty drive");
        clone.ToString().Should().NotContainAny("Ticket12", "ovirt-vmconsole", "ovirtmgmt", "no-mac-spoofing", "8c5ee2ab", "clusterVersion");
        clone.Descendants("channel").Select(channel => (string?)channel.Attribute("type")).Should().Equal("unix", "null");
        clone.Descendants("entry").Should().HaveCount(6, "all of the machine's papers but its UUID");
    }

    [Fact]
    public void Network_disks_luns_shares_and_devices_that_Cockpit_attached_are_named_at_once()
    {
        var failure = Refused("tool-cockpit");

        failure.Message.Should().ContainAll("disk 'vdb'", "lun 'sda'", "shared directory /tmp/dir1/", "hostdev (subsystem usb)");
        failure.Message.Should().NotContain("'vda'", "a volume is looked up");
    }

    [Fact]
    public void Windows_keeps_its_firmware_clock_and_TPM_and_what_Hyper_V_offers_under_KVM()
    {
        var source = new SourceFile("tool-virt-manager-windows");
        var clone = source.ForJob(accelerator: Accelerator.Kvm);

        clone.Element("features")!.Element("hyperv")!.Elements().Should().HaveCount(11);
        clone.Element("features")!.Element("smm")!.Attribute("state")!.Value.Should().Be("on", "Secure Boot needs it");
        clone.Element("clock")!.Attribute("offset")!.Value.Should().Be("localtime");
        clone.Descendants("tpm").Should().ContainSingle();
        clone.Element("os")!.Element("nvram")!.Value.Should().StartWith("/state/jobs/");
        clone.Descendants("disk").Where(disk => (string?)disk.Attribute("device") == "cdrom").Elements("source").Should().OnlyContain(medium => (string?)medium.Attribute("startupPolicy") == "optional");
    }

    [Fact]
    public void A_virtual_console_stays_and_the_ends_of_the_running_source_go()
    {
        var source = new SourceFile("tool-terraform");
        var clone = SourceVolumes.ResolveByPlaceholder(source.Xml);

        DomainReview.Of(clone, ClonePurpose.Job, new HashSet<string>()).Should().NotContain(finding => finding.Refusal != null);
        clone.Descendants("source").Attributes("file").Select(file => file.Value).Should().Equal("/VOLUME/default/k8s-node-1.qcow2", "/VOLUME/default/commoninit.iso");
        DomainReview.Of(clone, ClonePurpose.Job, new HashSet<string>()).Where(finding => finding.Path == "devices/console").Select(finding => finding.Treatment)
            .Should().Equal(Treatment.LeftOut, Treatment.Kept);
    }

    [Fact]
    public void Elements_that_name_no_file_are_left_out()
    {
        var os = Derive("tool-vagrant").Element("os")!;

        os.Elements().Select(element => element.Name.LocalName).Should().BeEquivalentTo("type", "boot");
        Derive("tool-multipass").Descendants("disk").Elements("source").Attributes("file").Should().HaveCount(2)
            .And.OnlyContain(file => file.Value.StartsWith("/state/jobs/", StringComparison.Ordinal), "its cloud-init image is a disk that a guest may write to");
    }

    [Fact]
    public void The_port_of_a_virtual_switch_and_the_log_of_a_console_are_a_persons_clones_own()
    {
        var card = new SourceFile("tool-nova").ForPerson().Descendants("interface").Single();

        new SourceFile("tool-nova").ForPerson().Descendants("log").Attributes("file").Select(file => file.Value).Should()
            .ContainSingle("a pty has a log, too, and libvirt adds the console that is the same port").Which.Should().EndWith("/console.log.clone-of-it");
        card.Element("virtualport")!.HasElements.Should().BeFalse();
        card.Element("source")!.Attribute("bridge")!.Value.Should().Be("br-int");
        new SourceFile("tuned-card").ForPerson().Descendants("parameters").Attributes().Select(attribute => attribute.Name.LocalName).Should().Equal("profileid");
    }

    private static XElement Derive(string name) => new SourceFile(name).ForJob();

    private static SystemFailureException Refused(string name)
    {
        var source = SourceVolumes.ResolveByPlaceholder(new SourceFile(name).Xml);
        var derive = () => DomainReview.Demand(source, ClonePurpose.Job, new HashSet<string>());
        return derive.Should().Throw<SystemFailureException>().Which;
    }
}
