using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Guests.Login;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Clones;

public sealed class CloneLoginTests
{
    private const string Disk = "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/base/system.raw'/><target dev='vda' bus='virtio'/></disk>";

    [Fact]
    public void A_seed_is_a_read_only_virtio_disk_behind_the_sources_that_libvirt_gives_to_qemus_user()
    {
        var clone = Derive("", Disk + Disk.Replace("vda", "vdz").Replace("</disk>", "<readonly/></disk>"), new LoginMaterial { Seed = new AbsolutePath("/state/jobs/x/seed.iso") });

        var seed = clone.Descendants("disk").Last();
        seed.Element("source")!.ToString().Should().Be("<source file=\"/state/jobs/x/seed.iso\" />", "a seclabel would leave it unreadable for QEMU");
        ((string?)seed.Element("driver")!.Attribute("type")).Should().Be("raw");
        seed.Element("readonly").Should().NotBeNull();
        ((string?)seed.Element("target")!.Attribute("dev")).Should().Be("vdy", "vdz is taken");
        ((string?)seed.Element("target")!.Attribute("bus")).Should().Be("virtio");
    }

    [Theory]
    [InlineData("")]
    [InlineData("<smbios mode='host'/>")]
    [InlineData("<smbios mode='emulate'/>")]
    public void Strings_for_systemd_are_shown_and_nothing_that_the_sources_guest_did_not_see(string smbios)
    {
        var clone = Derive(smbios, Disk, Strings, "<sysinfo type='smbios'><bios><entry name='vendor'>unseen</entry></bios></sysinfo>");

        clone.Element("os")!.Elements("smbios").Should().ContainSingle().Which.Attribute("mode")!.Value.Should().Be("sysinfo");
        clone.Elements("sysinfo").Should().ContainSingle().Which.ToString(SaveOptions.DisableFormatting)
            .Should().Be("<sysinfo type=\"smbios\"><oemStrings><entry>io.systemd.x</entry></oemStrings></sysinfo>");
    }

    [Fact]
    public void The_sources_own_strings_are_kept_beside_the_new_ones()
    {
        var clone = Derive(
            "<smbios mode='sysinfo'/>",
            Disk,
            Strings,
            "<sysinfo type='fwcfg'><entry name='opt/x'>y</entry></sysinfo><sysinfo type='smbios'><system><entry name='product'>p</entry></system><oemStrings><entry>own</entry></oemStrings></sysinfo>");

        clone.Elements("sysinfo").Should().HaveCount(2);
        clone.Descendants("oemStrings").Elements().Select(entry => entry.Value).Should().Equal("own", "io.systemd.x");
        clone.Descendants("entry").Select(entry => entry.Value).Should().Contain("p").And.Contain("y");
    }

    [Fact]
    public void Without_login_material_nothing_is_added()
    {
        var clone = Derive("", Disk, LoginMaterial.None);

        clone.Descendants("disk").Should().HaveCount(1);
        clone.Descendants("smbios").Should().BeEmpty();
        clone.Elements("sysinfo").Should().BeEmpty();
    }

    [Fact]
    public void The_guest_is_known_by_the_key_it_was_given_else_by_the_images_else_by_the_one_the_probe_met()
    {
        var plan = TestPlan.For(TestPlan.Image());
        var (given, said, met) = (HostKey.Parse("ssh-ed25519 AAAA"), HostKey.Parse("ssh-ed25519 BBBB"), HostKey.Parse("ssh-ed25519 CCCC"));
        var probed = plan with { Generation = Generation(met) };
        var named = probed with { Image = plan.Image with { Ssh = plan.Image.Ssh with { HostKeys = [said.ToString()] } } };

        plan.HostKeys.Should().BeEmpty();
        probed.HostKeys.Should().Equal(met);
        named.HostKeys.Should().Equal(said);
        (named with { Login = new LoginMaterial { HostKey = given } }).HostKeys.Should().Equal(given);
    }

    private static LoginMaterial Strings => new() { OemStrings = ["io.systemd.x"] };

    private static Generation Generation(HostKey key) => new(new AbsolutePath("/state/images/base/1"), new GenerationRecord
    {
        Image = "base",
        Number = 1,
        Published = TestPlan.Now,
        Driver = "1",
        SourceKind = "domain",
        Source = "base",
        SourceFingerprint = "x",
        Files = [],
        Probe = new ProbeRecord(TestPlan.Now, 1, [key.ToString()]),
    });

    private static XElement Derive(string smbios, string disks, LoginMaterial login, string sysinfo = "")
    {
        var source = XElement.Parse($"<domain type='kvm'><name>base</name>{sysinfo}<os><type>hvm</type>{smbios}</os><devices>{disks}</devices></domain>");
        var plan = TestPlan.For(TestPlan.Image()) with { Login = login };
        var chains = new Dictionary<string, BackingChain> { ["vda"] = TestPlan.Chain("/base/system.raw") };
        return LinkedClone.Derive(source, plan, TestPlan.Stamp(plan), chains, Accelerator.Kvm);
    }
}
