using FluentAssertions;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Images;

/// <summary>The recognition of a file by its bytes, and whether it can be used as a disk of the format that is said.</summary>
public sealed class DiskContentTests
{
    private static readonly AbsolutePath Path = new("/img/base");

    [Theory]
    [InlineData("0:514649fb00000003", DiskContentKind.Disk, "qcow2")]
    [InlineData("0:514649fb00000001", DiskContentKind.Disk, "qcow")]
    [InlineData("0:4b444d56", DiskContentKind.Disk, "vmdk")]
    [InlineData("64:7f10dabe", DiskContentKind.Disk, "vdi")]
    [InlineData("0:7668647866696c65", DiskContentKind.Disk, "vhdx")]
    [InlineData("510:55aa", DiskContentKind.Disk, "raw")]
    [InlineData("0:1f8b08", DiskContentKind.Packed, "gzip")]
    [InlineData("0:fd377a585a00", DiskContentKind.Packed, "xz")]
    [InlineData("0:28b52ffd", DiskContentKind.Packed, "zstd")]
    [InlineData("0:504b0304", DiskContentKind.Archive, "zip")]
    [InlineData("257:7573746172", DiskContentKind.Archive, "tar or ova")]
    [InlineData("32769:4344303031", DiskContentKind.Optical, "ISO 9660")]
    [InlineData("0:3c21444f4354595045", DiskContentKind.Text, "web page")]
    [InlineData("0:76657273696f6e2068747470733a2f2f6769742d6c6673", DiskContentKind.Text, "Git LFS pointer")]
    public void A_file_is_known_by_its_bytes(string placed, DiskContentKind kind, string name)
    {
        var (at, hex) = (int.Parse(placed.Split(':')[0], System.Globalization.CultureInfo.InvariantCulture), placed.Split(':')[1]);
        var head = new byte[DiskContent.HeadBytes];
        Convert.FromHexString(hex).CopyTo(head, at);

        DiskContent.Of(head, []).Should().Be(new DiskContent(kind, name));
    }

    [Fact]
    public void A_fixed_VHD_is_known_by_its_end_and_an_empty_file_is_no_disk()
    {
        DiskContent.Of(new byte[600], "conectix and more"u8).Name.Should().Be("vpc");
        DiskContent.Of([], []).TroubleAs(null, Path, "format")!.IsFatal.Should().BeTrue();
    }

    [Theory]
    [InlineData("qcow2", "qcow2", null, null)]
    [InlineData("qcow2", null, null, null)]
    [InlineData("raw", "raw", null, null)]
    [InlineData("raw", null, null, null)]
    [InlineData("vmdk", "vmdk", null, null)]
    [InlineData("qcow2", "raw", true, "is a disk of format qcow2, but format says raw: the guest would see")]
    [InlineData("raw", "qcow2", true, "is a disk of format raw, but format says qcow2: QEMU does not open it")]
    [InlineData("vmdk", "qcow2", true, "is a disk of format vmdk, but format says qcow2")]
    [InlineData("vhdx", null, false, "is a disk of format vhdx, and base disks are qcow2 or raw")]
    public void A_disk_is_compared_with_what_is_said_of_it(string name, string? said, bool? isFatal, string? what)
    {
        var trouble = new DiskContent(DiskContentKind.Disk, name).TroubleAs(said, Path, "format");

        (trouble?.IsFatal == true).Should().Be(isFatal == true);
        (trouble?.What ?? "").Should().StartWith(what ?? "");
        (trouble is null).Should().Be(what is null);
    }
}
