using System.Text.Json;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Values;

public sealed class DownloadAddressTests
{
    [Theory]
    [InlineData("https://user:SECRET@example.com:8443/a/b.qcow2?signature=SECRET#x", "https://example.com:8443/a/b.qcow2?…", "b.qcow2")]
    [InlineData("https://SECRET@example.com/b.qcow2", "https://example.com/b.qcow2", "b.qcow2")]
    [InlineData("https://s3.example.com/disk.qcow2?X-Amz-Credential=SECRET&X-Amz-Signature=SECRET", "https://s3.example.com/disk.qcow2?…", "disk.qcow2")]
    [InlineData("https://example.com/d/glpat-SECRET7xyzSECRET7xyz/disk.raw.xz", "https://example.com/d/…/disk.raw.xz", "disk.raw.xz")]
    [InlineData("https://example.com/share/0f8fad5b-d9cb-469f-a165-70867728950e/disk.raw", "https://example.com/share/…/disk.raw", "disk.raw")]
    [InlineData("https://example.com/p/eyJhbGciOiJIUzI1NiJ9.SECRET.SECRET/disk.raw", "https://example.com/p/…/disk.raw", "disk.raw")]
    [InlineData("https://objectstorage.example.com/p/SECRETab_cd-3FgH_ijKlMn-opQrSt_uv/n/disk.raw", "https://objectstorage.example.com/p/…/n/disk.raw", "disk.raw")]
    [InlineData("https://example.com/d/SECRET0123456789abcdefghij", "https://example.com/d/…", "example.com")]
    [InlineData("http://example.com/", "http://example.com/", "example.com")]
    [InlineData("https://cloud.debian.org/images/cloud/trixie/20250911-2234/debian-13-genericcloud-amd64-20250911-2234.qcow2", "https://cloud.debian.org/images/cloud/trixie/20250911-2234/debian-13-genericcloud-amd64-20250911-2234.qcow2", "debian-13-genericcloud-amd64-20250911-2234.qcow2")]
    [InlineData("file:///srv/images/a.raw", "file:///srv/images/a.raw", "a.raw")]
    public void However_it_is_printed_an_address_has_no_secret(string whole, string written, string name)
    {
        var address = new DownloadAddress(new Uri(whole));

        address.ToString().Should().Be(written);
        $"{address}".Should().Be(written);
        address.FileName.Should().Be(name);
        DownloadAddress.Redact(whole).Should().Be(written);
        JsonSerializer.Serialize(address).Should().NotContain("SECRET");
        Checksum.TryParse(ChecksumKind.Sha256, new string('a', 64), out var checksum).Should().BeTrue();
        new ImageSource.Download(address, checksum!).ToString().Should().NotContain("SECRET").And.Contain(written);
        address.ForRequest().Should().Be(new Uri(whole));
    }

    [Fact]
    public void Two_addresses_are_the_same_only_with_their_secrets()
    {
        var uri = new Uri("https://example.com/a?x=1");

        new DownloadAddress(uri).Should().Be(new DownloadAddress(new Uri(uri.OriginalString)));
        new DownloadAddress(uri).Should().NotBe(new DownloadAddress(new Uri("https://example.com/a?x=2")));
    }

    [Theory]
    [InlineData("htps://example.com/x?token=SECRET", "htps://example.com/x?…")]
    [InlineData("https://me:SECRET@example.com:port/x", "https://example.com:port/x")]
    [InlineData("no address at all", "no address at all")]
    public void A_text_that_is_no_address_loses_them_as_well(string text, string written) => DownloadAddress.Redact(text).Should().Be(written);
}
