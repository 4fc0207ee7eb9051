using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Images;

public sealed class FrozenDomainTests
{
    private static readonly AbsolutePath Directory = new("/state/images/base/7");

    [Fact]
    public void A_frozen_domain_names_roles_and_a_thawed_one_the_generations_files()
    {
        var source = Domain(
            "<kernel>/boot/vmlinuz</kernel><initrd>/boot/initrd</initrd><nvram>/nvram/base.fd</nvram>",
            "<disk type='file'><driver name='qemu' type='qcow2' cache='none'/><source file='/base.qcow2'/><target dev='vda'/></disk>");
        var files = Kept(("vda", "vda.disk", "qcow2"), ("kernel", "kernel", null), ("initrd", "initrd", null), ("nvram", "nvram", null));

        var frozen = FrozenDomain.Freeze(source, files);
        var thawed = FrozenDomain.Thaw(frozen, Generation(files));

        FrozenDomain.FilesOf(source).Select(file => (file.Role, file.Path.Value, file.Format)).Should().Equal(
            ("vda", "/base.qcow2", "qcow2"), ("kernel", "/boot/vmlinuz", null), ("initrd", "/boot/initrd", null), ("nvram", "/nvram/base.fd", null));
        frozen.ToString().Should().NotContain("/base.qcow2").And.NotContain("/boot/").And.NotContain("/nvram/");
        FrozenDomain.FilesOf(thawed).Select(file => (file.Role, file.Path.Value)).Should().Equal(
            ("vda", $"{Directory}/vda.disk"), ("kernel", $"{Directory}/kernel"), ("initrd", $"{Directory}/initrd"), ("nvram", $"{Directory}/nvram"));
        ((string?)thawed.Descendants("driver").Single().Attribute("cache")).Should().Be("none", "a disk's settings are hardware");
        source.ToString().Should().Contain("/base.qcow2", "the source is not changed");
    }

    [Theory]
    [InlineData("<nvram>/nvram/base.fd</nvram>", null)]
    [InlineData("<nvram template='/usr/share/OVMF/VARS.fd'>/nvram/base.fd</nvram>", "/usr/share/OVMF/VARS.fd")]
    [InlineData("<nvram type='file'><source file='/nvram/base.fd'/></nvram>", null)]
    [InlineData("<nvram type='file' template='/usr/share/OVMF/VARS.fd' templateFormat='raw' format='raw'>\n  <source file='/nvram/base.fd'/>\n</nvram>", "/usr/share/OVMF/VARS.fd")]
    public void Nvram_is_kept_however_libvirt_writes_it(string nvram, string? template)
    {
        var files = Kept(("nvram", "nvram", null));

        var thawed = FrozenDomain.Thaw(FrozenDomain.Freeze(Domain(nvram, ""), files), Generation(files));

        CloneFirmware.NvramOf(thawed).Should().Be(Directory.Child("nvram"));
        var element = thawed.Element("os")!.Element("nvram")!;
        element.HasElements.Should().BeFalse();
        ((string?)element.Attribute("template")).Should().Be(template);
    }

    [Theory]
    [InlineData("<nvram template='/usr/share/OVMF/VARS.fd'>/nvram/base.fd</nvram>")]
    [InlineData("<nvram type='file' template='/usr/share/OVMF/VARS.fd'><source file='/nvram/base.fd'/></nvram>")]
    public void A_source_that_was_never_started_leaves_only_its_template_and_not_the_path_where_its_nvram_would_be(string nvram)
    {
        var thawed = FrozenDomain.Thaw(FrozenDomain.Freeze(Domain(nvram, ""), []), Generation([]));

        CloneFirmware.NvramOf(thawed).Should().BeNull();
        ((string?)thawed.Element("os")!.Element("nvram")!.Attribute("template")).Should().Be("/usr/share/OVMF/VARS.fd");
    }

    [Fact]
    public void A_block_device_becomes_a_file_in_the_format_of_its_copy()
    {
        var source = Domain("", "<disk type='block' device='disk'><driver name='qemu' type='raw'/><source dev='/dev/vg/base'/><backingStore/><target dev='sda'/></disk>");
        var files = Kept(("sda", "sda.disk", "qcow2"));

        var thawed = FrozenDomain.Thaw(FrozenDomain.Freeze(source, files), Generation(files));

        SourceDisk.WritableOf(thawed).Should().Equal(new SourceDisk("sda", Directory.Child("sda.disk"), "qcow2"));
        thawed.Descendants("source").Should().ContainSingle().Which.Attributes().Select(attribute => attribute.Name.LocalName).Should().Equal("file");
        thawed.Descendants("backingStore").Should().BeEmpty();
    }

    [Fact]
    public void Each_of_two_disks_gets_its_own_file_and_one_without_a_driver_gets_one()
    {
        var source = Domain(
            "",
            """
            <disk type='file'><source file='/root.qcow2'/><target dev='vda'/></disk>
            <disk type='file'><driver name='qemu' type='raw'/><source file='/data.raw'/><target dev='vdb'/></disk>
            """);
        var files = Kept(("vda", "vda.disk", "qcow2"), ("vdb", "vdb.disk", "raw"));

        var thawed = FrozenDomain.Thaw(FrozenDomain.Freeze(source, files), Generation(files));

        SourceDisk.WritableOf(thawed).Should().Equal(
            new SourceDisk("vda", Directory.Child("vda.disk"), "qcow2"), new SourceDisk("vdb", Directory.Child("vdb.disk"), "raw"));
    }

    [Fact]
    public void A_disk_that_is_shared_with_others_is_kept_as_the_generations_own()
    {
        var source = Domain("", "<disk type='block'><source dev='/dev/shared'/><target dev='vdb'/><shareable/></disk>");

        FrozenDomain.FilesOf(source).Should().Equal(("vdb", new AbsolutePath("/dev/shared"), null));
    }

    [Theory]
    [InlineData("<disk type='file' device='cdrom'><source file='/cd.iso'/><target dev='sda'/><readonly/></disk>")]
    [InlineData("<disk type='file' device='cdrom'><target dev='sda'/><readonly/></disk>")]
    [InlineData("<disk type='file'><source file='/tools.raw'/><target dev='vdb'/><readonly/></disk>")]
    [InlineData("<disk type='file' device='floppy'><source file='/floppy.img'/><target dev='fda'/></disk>")]
    public void Disks_that_no_guest_writes_to_stay_as_they_are(string disk)
    {
        var source = Domain("", disk);

        FrozenDomain.FilesOf(source).Should().BeEmpty();
        FrozenDomain.Thaw(FrozenDomain.Freeze(source, []), Generation([])).ToString().Should().Be(source.ToString());
    }

    [Theory]
    [InlineData("", "<disk type='file'><source file='vda'/><target dev='vda'/></disk>", "vda")]
    [InlineData("<kernel>kernel</kernel>", "", "kernel")]
    [InlineData("<initrd>initrd</initrd>", "", "initrd")]
    public void A_file_that_the_generation_does_not_have_makes_it_damaged(string os, string disk, string role)
    {
        var thaw = () => FrozenDomain.Thaw(Domain(os, disk), Generation([]));

        var failure = thaw.Should().Throw<SystemFailureException>().Which;
        failure.Code.Should().Be(ErrorCodes.GenerationDamaged);
        failure.Message.Should().Contain($"'{role}'");
        failure.Hint.Should().Contain("image publish");
    }

    [Fact]
    public void A_generation_in_place_is_thawed_to_where_its_files_are()
    {
        var source = Domain("", "<disk type='file'><driver name='qemu' type='qcow2'/><source file='/big/base.qcow2'/><target dev='vda'/></disk>");
        var files = Kept(("vda", "/big/base.qcow2", "qcow2"), ("vda/1", "/big/below.raw", "raw"));

        var thawed = FrozenDomain.Thaw(FrozenDomain.Freeze(source, files), Generation(files));

        SourceDisk.WritableOf(thawed).Should().Equal(new SourceDisk("vda", new AbsolutePath("/big/base.qcow2"), "qcow2"));
    }

    private static XElement Domain(string os, string disks) => XElement.Parse(
        $"<domain type='kvm'><name>base</name><os><type>hvm</type>{os}</os><devices>{disks}</devices></domain>");

    private static List<GenerationFile> Kept(params (string Role, string Path, string? Format)[] files) =>
        [.. files.Select(file => new GenerationFile(file.Role, file.Path, file.Format, 1, 1, null, 1, 1))];

    private static Generation Generation(IReadOnlyList<GenerationFile> files) => new(Directory, TestGeneration.Record(7) with { Files = files });
}
