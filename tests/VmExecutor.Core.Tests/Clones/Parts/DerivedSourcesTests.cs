using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Failures;
using Xunit;

namespace VmExecutor.Core.Tests.Clones.Parts;

/// <summary>The treatment of definitions of the kinds that users have.</summary>
public sealed class DerivedSourcesTests
{
    [Fact]
    public void Firmware_without_state_gets_no_variables()
    {
        var os = new SourceFile("stateless-firmware").ForJob().Element("os")!;

        os.Element("nvram").Should().BeNull("libvirt: NVRAM is not permitted when loader is stateless");
        os.Element("loader")!.Attribute("stateless")!.Value.Should().Be("yes");
        new SourceFile("stateless-firmware").ForPerson().Descendants("nvram").Should().BeEmpty();
    }

    [Fact]
    public void Firmware_that_libvirt_picks_is_picked_anew_with_variables_of_the_clones_own()
    {
        var clone = new SourceFile("firmware-auto-only").ForJob();

        clone.Element("os")!.Attribute("firmware")!.Value.Should().Be("efi");
        clone.Element("os")!.Element("nvram")!.Value.Should().EndWith("/nvram.fd");
        clone.Element("os")!.Element("loader").Should().BeNull();
        clone.Element("genid")!.Value.Should().BeEmpty();
        clone.Descendants("watchdog").Single().Attribute("action")!.Value.Should().Be("poweroff", "a paused guest would hang the job");
        clone.Descendants("interface").Single().Element("boot").Should().NotBeNull();
    }

    [Fact]
    public void Acceleration_and_sound_go_with_the_display()
    {
        var clone = new SourceFile("desktop-3d-spice-gl").ForJob();

        clone.Descendants().Select(element => element.Name.LocalName).Should().NotContain(["acceleration", "graphics", "redirdev", "gl"]);
        clone.Descendants("audio").Should().ContainSingle().Which.Attribute("type")!.Value.Should().Be("none");
        clone.Descendants("sound").Should().ContainSingle().Which.HasElements.Should().BeFalse();
        clone.Descendants("video").Elements("model").Single().Attribute("type")!.Value.Should().Be("virtio");
        clone.ToString().Should().NotContain("spice").And.NotContain("/dev/dri");
    }

    [Fact]
    public void A_job_writes_to_no_disk_that_others_share_and_labels_of_the_source_go()
    {
        var clone = new SourceFile("chain-and-seclabels").ForJob();

        clone.Elements("seclabel").Should().BeEmpty();
        clone.Descendants("seclabel").Should().OnlyContain(label => (string?)label.Attribute("model") == "dac");
        clone.Descendants("shareable").Should().BeEmpty();
        clone.Descendants("transient").Should().BeEmpty();
        clone.Element("devices")!.Elements("disk").Elements("source").Attributes("file").Should().HaveCount(3)
            .And.OnlyContain(file => file.Value.StartsWith("/state/jobs/", StringComparison.Ordinal));
        clone.Descendants("metadata_cache").Should().ContainSingle();
    }

    [Fact]
    public void A_persons_clone_shares_what_the_source_shares()
    {
        var clone = new SourceFile("chain-and-seclabels").ForPerson();

        clone.Descendants("shareable").Single().Parent!.Element("source")!.Attribute("file")!.Value.Should().Be("/srv/shared/testdata.img");
        clone.Elements("seclabel").Should().HaveCount(2);
    }

    [Fact]
    public void A_drive_is_empty_where_what_is_in_it_is_gone_or_on_a_server()
    {
        var drives = new SourceFile("cdrom-gone").ForJob().Descendants("disk")
            .Where(disk => (string?)disk.Attribute("device") is "cdrom" or "floppy").ToDictionary(disk => (string)disk.Element("target")!.Attribute("dev")!);

        drives.Should().HaveCount(5);
        drives.Values.Should().OnlyContain(drive => (string?)drive.Attribute("type") == "file" && drive.Element("readonly") != null);
        drives.Where(drive => drive.Value.Element("source") is not null).Should().OnlyContain(drive => (string?)drive.Value.Element("source")!.Attribute("startupPolicy") == "optional");
        drives["sdd"].Element("source").Should().BeNull("a mirror that is down must not fail a job");
        new SourceFile("cdrom-gone").Findings(ClonePurpose.Job).Should().Contain(finding => finding.IsNote && finding.Part == "cdrom 'sdd': source" && finding.Treatment == Treatment.LeftOut);
    }

    [Fact]
    public void No_socket_port_or_file_of_the_source_is_opened_again()
    {
        var clone = new SourceFile("sockets-and-ports").ForJob();

        foreach (var end in new[] { "4555", "appliance-serial", "appliance.console", "f16x86_64.agent", "collector.sock", "vdagent", "5907", "letmein", "0.0.0.0", "'42'", "5f0c6f5c" })
        {
            clone.ToString().Should().NotContain(end);
        }

        clone.Descendants("channel").Select(channel => (string?)channel.Attribute("type")).Should().Equal("unix", "null");
        clone.Descendants("console").Should().ContainSingle("the guest's virtio console stays").Which.Attribute("type")!.Value.Should().Be("null");
        clone.Descendants("serial").Elements("source").Should().ContainSingle();
        clone.Descendants("entry").Single().Value.Should().Be("APPL-0001");
    }

    [Fact]
    public void Ports_and_sockets_of_a_persons_clone_are_its_own()
    {
        var clone = new SourceFile("sockets-and-ports").ForPerson();

        var display = clone.Descendants("graphics").Single();
        display.Attributes().Select(attribute => attribute.Name.LocalName).Should().BeEquivalentTo("type", "listen", "passwd", "autoport");
        display.Attribute("autoport")!.Value.Should().Be("yes");
        clone.ToString().Should().NotContain("f16x86_64.agent").And.Contain("collector.sock").And.Contain("clone-of-it-serial.log");
        clone.Descendants("serial").Elements("source").Attributes("path").Select(path => path.Value).Should().Equal("/var/log/clone-of-it.console");
    }

    [Fact]
    public void A_TPM_begins_empty_and_the_store_for_crash_logs_is_the_clones_own()
    {
        var clone = new SourceFile("tpm-dir-and-pstore").ForJob();

        clone.Descendants("backend").Single().Elements().Select(element => element.Name.LocalName).Should().Equal("profile");
        clone.Descendants("backend").Attributes("persistent_state").Should().BeEmpty();
        clone.Descendants("pstore").Elements("path").Single().Value.Should().Be($"{TestPlan.For(TestPlan.Image()).Paths.Directory}/pstore.raw");
        clone.Descendants("nvram").Single().ToString().Should().Contain("templateFormat=\"raw\"").And.Contain("format=\"qcow2\"").And.NotContain("sealed");
        new SourceFile("tpm-dir-and-pstore").ForPerson().ToString().Should().NotContain("/srv/tpm").And.NotContain("sealed_PSTORE");
    }

    [Fact]
    public void Arguments_for_QEMU_are_refused_for_jobs_until_they_are_allowed_by_name()
    {
        var derive = () => new SourceFile("qemu-commandline").ForJob();

        var failure = derive.Should().Throw<SystemFailureException>().Which;
        failure.Code.Should().Be(ErrorCodes.SourceHasQemuArguments);
        failure.Message.Should().Contain("'hand-tuned'").And.Contain("qemu:commandline");
        failure.Hint.Should().Contain("allow_parts: ['qemu:commandline']");

        var allowed = TestPlan.For(TestPlan.Image() with { AllowParts = new HashSet<string> { "qemu:commandline" } });
        new SourceFile("qemu-commandline").ForJob(allowed).Elements(QemuXml.Namespace + "commandline").Elements().Should().HaveCount(9);
        new SourceFile("qemu-commandline").ForPerson().Elements(QemuXml.Namespace + "commandline").Should().ContainSingle();
    }

    [Fact]
    public void All_devices_of_the_host_are_named_at_once()
    {
        var derive = () => new SourceFile("host-devices").ForJob();

        var failure = derive.Should().Throw<SystemFailureException>().Which;
        failure.Code.Should().Be(ErrorCodes.SourceHasPassthrough);
        failure.Message.Should().ContainAll(
            "lease 'lab-box'", "shared directory /srv/src", "/dev/input/by-id/usb-kbd-event", "/dev/input/event3",
            "hostdev (subsystem usb)", "hostdev (subsystem mdev)", "TPM of another program", "looking-glass");
    }

    [Fact]
    public void A_setting_that_starts_a_confidential_machine_once_is_refused()
    {
        var derive = () => new SourceFile("sev-encrypted").ForJob();

        derive.Should().Throw<SystemFailureException>().WithMessage("*launchSecurity/dhCert*launchSecurity/session*");
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_file_is_judged_in_full_for_jobs_and_people(string name)
    {
        foreach (var purpose in Enum.GetValues<ClonePurpose>())
        {
            var findings = new SourceFile(name).Findings(purpose);

            findings.Should().NotBeEmpty().And.OnlyContain(finding => finding.Why.Length > 0 && finding.Part.Length > 0);
            findings.Where(finding => finding.Refusal == RefusalKind.Unknown).Should().BeEmpty();
        }
    }

    public static TheoryData<string> Files() => [.. SourceFile.Names];
}
