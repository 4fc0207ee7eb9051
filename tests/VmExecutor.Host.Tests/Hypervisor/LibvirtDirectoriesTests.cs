using FluentAssertions;
using VmExecutor.Host.Hypervisor;
using Xunit;

namespace VmExecutor.Host.Tests.Hypervisor;

public sealed class LibvirtDirectoriesTests
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
        (LibvirtDirectories.For(uri, cacheHome, null, "/home/ci")?.Logs).Should().Be(directory);

    [Theory]
    [InlineData("qemu:///system", "/xdg/config", "/var/log/swtpm/libvirt/qemu", "/var/lib/libvirt/swtpm")]
    [InlineData("qemu:///session", "/xdg/config", "/home/ci/.cache/libvirt/qemu/log", "/xdg/config/libvirt/qemu/swtpm")]
    [InlineData("qemu:///session", "", "/home/ci/.cache/libvirt/qemu/log", "/home/ci/.config/libvirt/qemu/swtpm")]
    public void A_TPMs_log_and_state_are_where_its_daemon_keeps_them(string uri, string? configHome, string logs, string states)
    {
        var directories = LibvirtDirectories.For(uri, null, configHome, "/home/ci")!;

        (directories.TpmLogs, directories.TpmStates).Should().Be((logs, states));
    }
}
