using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Clones.Parts;

/// <summary>The treatment of tuned hardware in clones. DerivedDefinitionTests tests that QEMU starts with it.</summary>
public sealed class DerivedHardwareTests
{
    private static readonly CloneSizes OfSource = new();

    [Fact]
    public void A_tuned_card_keeps_its_guests_side_in_user_mode_and_nothing_of_its_tap()
    {
        var card = Derive("tuned-card", OfSource).Descendants("interface").Should().ContainSingle("further cards would be in the same 10.0.2.0/24").Which;

        card.Elements().Select(element => element.Name.LocalName).Should().BeEquivalentTo("mac", "model", "driver", "rom", "boot");
        card.Element("driver")!.Attributes().Select(attribute => attribute.Name.LocalName).Should().BeEquivalentTo("txmode", "ioeventfd", "event_idx", "rx_queue_size", "tx_queue_size", "packed", "iommu", "ats");
        card.Element("driver")!.Elements().Should().HaveCount(2).And.OnlyContain(side => (string?)side.Attribute("csum") == "off");
        card.Element("mac")!.Attribute("address")!.Value.Should().Be("52:54:00:0a:00:01");
    }

    [Fact]
    public void A_tuned_card_keeps_what_a_tap_can_have_on_a_libvirt_network_and_is_connected()
    {
        var network = new NetworkSettings { Mode = NetworkMode.Libvirt, Name = "ci" };
        var cards = Derive("tuned-card", OfSource, network).Descendants("interface").ToList();

        cards.Should().HaveCount(2);
        cards[0].Elements().Select(element => element.Name.LocalName).Should().BeEquivalentTo("mac", "source", "model", "driver", "mtu", "coalesce", "tune", "bandwidth", "rom", "boot");
        cards[0].Element("source")!.Attribute("network")!.Value.Should().Be("ci");
        cards[0].Element("driver")!.Attribute("queues")!.Value.Should().Be("4");
        cards[0].Element("mac")!.Attribute("address")!.Value.Should().NotBe("52:54:00:0a:00:01", "the source may be on the same network");
        cards[1].Element("source")!.Attributes().Select(attribute => attribute.Name.LocalName).Should().BeEquivalentTo("network", "portgroup");
        cards[1].Element("bandwidth")!.Element("inbound")!.Attribute("floor").Should().BeNull("it is set apart for the source");
        cards.Elements("link").Should().BeEmpty();
    }

    [Fact]
    public void Random_numbers_come_from_the_kernel_and_from_no_device_or_server_of_the_sources()
    {
        var devices = Derive("inputs-and-random-numbers", OfSource).Descendants("rng").ToList();

        devices.Elements("backend").Select(backend => $"{(string?)backend.Attribute("model")} {backend.Value}".Trim())
            .Should().Equal("random /dev/urandom", "random /dev/urandom", "builtin", "random /dev/random");
        devices[0].Element("rate")!.Attribute("bytes")!.Value.Should().Be("1234");
        devices[3].Element("driver")!.Attribute("packed")!.Value.Should().Be("on");
    }

    [Fact]
    public void Emulated_inputs_and_other_hardware_of_the_guests_stay()
    {
        var clone = Derive("inputs-and-random-numbers", OfSource);

        clone.Descendants("input").Select(input => $"{(string?)input.Attribute("type")} {(string?)input.Attribute("bus")}")
            .Should().Equal("tablet usb", "keyboard usb", "mouse ps2", "keyboard ps2", "mouse virtio", "tablet virtio");
        clone.Descendants("watchdog").Attributes("action").Single().Value.Should().Be("poweroff");
        clone.Descendants("bootmenu").Should().BeEmpty();
        clone.Element("on_reboot")!.Value.Should().Be("destroy");
        clone.Descendants("sound").Should().HaveCount(2);
        clone.Descendants("audio").Should().ContainSingle();
        clone.Descendants("oemStrings").Should().ContainSingle();
    }

    [Fact]
    public void Nodes_of_the_guest_stay_with_the_sources_sizes_and_the_hosts_pages_and_processors_go()
    {
        var clone = Derive("numa-and-memory", OfSource);

        clone.Element("cpu")!.Element("numa")!.Elements("cell").Should().HaveCount(2)
            .And.OnlyContain(cell => cell.Attribute("memAccess") == null && cell.Attribute("discard") == null && cell.Element("distances") != null);
        clone.Element("memoryBacking")!.Elements().Select(element => element.Name.LocalName).Should().Equal("nosharepages");
        clone.Element("cputune")!.Elements().Select(element => element.Name.LocalName).Should().Equal("shares");
        clone.Elements("numatune").Should().BeEmpty();
        clone.Element("vcpu")!.Attributes().Select(attribute => attribute.Name.LocalName).Should().Equal("current");
        var module = clone.Element("devices")!.Elements("memory").Should().ContainSingle().Which;
        module.Elements().Select(element => element.Name.LocalName).Should().Equal("target");
        module.Attribute("access").Should().BeNull();
    }

    [Fact]
    public void Nodes_of_the_guest_and_all_that_names_them_go_with_sizes_of_the_images()
    {
        var clone = Derive("numa-and-memory", new CloneSizes { Cpus = 3, Memory = ByteSize.FromMebibytes(320) });

        clone.Descendants("numa").Should().BeEmpty();
        clone.Descendants("node").Should().BeEmpty();
        clone.Element("devices")!.Elements("memory").Should().BeEmpty();
        clone.Elements("maxMemory").Concat(clone.Elements("vcpus")).Concat(clone.Elements("currentMemory")).Should().BeEmpty();
        clone.Element("vcpu")!.Value.Should().Be("3");
    }

    [Fact]
    public void Threads_queues_and_identities_of_disks_stay_and_the_hosts_scheduling_goes()
    {
        var clone = Derive("threads-and-controllers", OfSource);
        var driver = clone.Descendants("disk").First().Element("driver")!;

        clone.Element("iothreadids")!.Elements().Should().HaveCount(3);
        clone.Element("cputune")!.Elements().Select(element => element.Name.LocalName).Should().Equal("period", "quota");
        driver.Attributes().Select(attribute => attribute.Name.LocalName).Should()
            .BeEquivalentTo("name", "type", "cache", "discard", "detect_zeroes", "ioeventfd", "event_idx", "iothread", "queues", "queue_size");
        clone.Descendants("disk").Elements("source").Attributes("file").Should().HaveCount(4).And.OnlyContain(file => file.Value.StartsWith("/state/jobs/", StringComparison.Ordinal));
        clone.Descendants("wwn").Single().Value.Should().Be("5000c50015ea71ad");
        clone.Elements("blkiotune").Concat(clone.Elements("resource")).Should().BeEmpty();
    }

    [Fact]
    public void Firmware_that_libvirt_has_picked_is_named_by_its_file_alone()
    {
        var os = Derive("secure-boot-and-tpm", OfSource).Element("os")!;

        os.Attribute("firmware").Should().BeNull("libvirt 9.0: loader attribute 'readonly' cannot be specified when firmware autoselection is enabled");
        os.Element("firmware").Should().BeNull();
        os.Element("loader")!.ToString().Should().ContainAll("OVMF_CODE_4M.ms.fd", "secure=\"yes\"", "readonly=\"yes\"");
        os.Element("nvram")!.ToString().Should().ContainAll("OVMF_VARS_4M.ms.fd", "/state/jobs/").And.NotContain("signed_VARS");
        new SourceFile("secure-boot-and-tpm").ForPerson().Element("os")!.Attribute("firmware")!.Value.Should().Be("efi");
    }

    [Theory]
    [MemberData(nameof(DerivedSourcesTests.Files), MemberType = typeof(DerivedSourcesTests))]
    public void Parts_stand_in_the_order_in_which_libvirt_writes_them(string name)
    {
        if (new SourceFile(name).Findings(ClonePurpose.Job).Any(finding => finding.Refusal is not null))
        {
            return;
        }

        var names = Derive(name, new CloneSizes { Cpus = 1, Memory = ByteSize.FromMebibytes(64) }).Elements().Select(element => element.Name.LocalName).ToList();

        names.Should().ContainInOrder("name", "uuid", "metadata", "memory", "vcpu", "os", "features", "cpu", "on_poweroff", "on_crash", "devices");
    }

    private static XElement Derive(string name, CloneSizes sizes, NetworkSettings? network = null) =>
        new SourceFile(name).ForJob(TestPlan.For(TestPlan.Image() with { Network = network ?? new NetworkSettings() }) with { Sizes = sizes });
}
