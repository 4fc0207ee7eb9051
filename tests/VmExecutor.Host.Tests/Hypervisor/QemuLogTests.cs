using FluentAssertions;
using VmExecutor.Host.Hypervisor;
using Xunit;

namespace VmExecutor.Host.Tests.Hypervisor;

public sealed class QemuLogTests
{
    [Theory]
    [InlineData("qemu:///system", "/xdg", "/var/log/libvirt/qemu")]
    [InlineData("qemu+unix:///system?socket=/run/libvirt/libvirt-sock", null, "/var/log/libvirt/qemu")]
    [InlineData("qemu:///session", "/xdg/cache", "/xdg/cache/libvirt/qemu/log")]
    [InlineData("qemu+unix:///session?socket=/x", "/xdg/cache", "/xdg/cache/libvirt/qemu/log")]
    [InlineData("qemu:///session", null, "/home/ci/.cache/libvirt/qemu/log")]
    [InlineData("qemu:///session", "", "/home/ci/.cache/libvirt/qemu/log")]
    [InlineData("qemu:///session", "relative", "/home/ci/.cache/libvirt/qemu/log")]
    [InlineData("qemu+ssh://host/system", null, null)]
    [InlineData("qemu://host/system", null, null)]
    [InlineData("test:///default", null, null)]
    [InlineData("nonsense", null, null)]
    public void A_log_is_where_its_daemon_writes_it(string uri, string? cacheHome, string? directory) =>
        QemuLog.DirectoryFor(uri, cacheHome, "/home/ci").Should().Be(directory);
}
