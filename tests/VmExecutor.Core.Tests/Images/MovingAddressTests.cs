using FluentAssertions;
using VmExecutor.Core.Images.Sources;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Images;

/// <summary>Vendors' addresses of cloud images.</summary>
public sealed class MovingAddressTests
{
    [Theory]
    [InlineData("https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-generic-amd64.qcow2", "latest")]
    [InlineData("https://cloud.debian.org/images/cloud/bookworm/daily/latest/debian-12-genericcloud-amd64-daily.qcow2", "latest")]
    [InlineData("https://cloud-images.ubuntu.com/noble/current/noble-server-cloudimg-amd64.img", "current")]
    [InlineData("https://cloud-images.ubuntu.com/releases/24.04/release/ubuntu-24.04-server-cloudimg-amd64.img", "release")]
    [InlineData("https://download.rockylinux.org/pub/rocky/9/images/x86_64/Rocky-9-GenericCloud.latest.x86_64.qcow2", "Rocky-9-GenericCloud.latest.x86_64.qcow2")]
    [InlineData("https://cloud.centos.org/centos/9-stream/x86_64/images/CentOS-Stream-GenericCloud-9-latest.x86_64.qcow2", "CentOS-Stream-GenericCloud-9-latest.x86_64.qcow2")]
    [InlineData("https://stable.release.flatcar-linux.net/amd64-usr/current/flatcar_production_qemu_image.img", "current")]
    [InlineData("file:///srv/images/Latest/x.qcow2", "Latest")]
    public void An_address_whose_content_changes_is_known_by_a_word_in_it(string address, string word) =>
        MovingAddress.Find(new DownloadAddress(new Uri(address))).Should().Be(word);

    [Theory]
    [InlineData("https://cloud.debian.org/images/cloud/bookworm/20260102-1614/debian-12-generic-amd64-20260102-1614.qcow2")]
    [InlineData("https://cloud.debian.org/images/cloud/bookworm/daily/20260102-1614/debian-12-generic-amd64-daily-20260102-1614.qcow2")]
    [InlineData("https://cloud-images.ubuntu.com/releases/noble/release-20260102/ubuntu-24.04-server-cloudimg-amd64.img")]
    [InlineData("https://download.fedoraproject.org/pub/fedora/linux/releases/43/Cloud/x86_64/images/Fedora-Cloud-Base-Generic-43-1.6.x86_64.qcow2")]
    [InlineData("https://stable.example.com/concurrent/x.qcow2")]
    [InlineData("https://latest.example.com/v1/x.qcow2")]
    public void An_address_of_one_build_is_left_alone(string address) => MovingAddress.Find(new DownloadAddress(new Uri(address))).Should().BeNull();
}
