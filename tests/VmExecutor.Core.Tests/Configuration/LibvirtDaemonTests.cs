using FluentAssertions;
using VmExecutor.Core.Configuration;
using Xunit;

namespace VmExecutor.Core.Tests.Configuration;

public sealed class LibvirtDaemonTests
{
    [Theory]
    [InlineData("libvirtd", "/run/libvirt/libvirt-sock", "/usr/sbin/libvirtd")]
    [InlineData("virtqemud", "/run/libvirt/virtqemud-sock", "/usr/sbin/virtqemud")]
    [InlineData("virtqemud", "/run/libvirt/virtqemud-sock", "/run/libvirt/libvirt-sock", "/usr/sbin/libvirtd", "/usr/sbin/virtqemud")] // virtproxyd has the other one
    [InlineData("libvirtd", "/run/libvirt/libvirt-sock", "/usr/sbin/libvirtd", "/usr/sbin/virtqemud")]
    public void The_daemon_is_the_one_that_libvirts_client_connects_to(string unit, params string[] files) =>
        LibvirtDaemon.Find(files.Contains).Unit.Should().Be(unit);

    [Theory]
    [InlineData("libvirtd")]
    [InlineData("libvirtd", "/usr/sbin/libvirtd")]
    [InlineData("virtqemud", "/usr/sbin/virtqemud")]
    [InlineData("virtqemud", "/usr/sbin/virtqemud", "/usr/sbin/libvirtd")]
    [InlineData("libvirtd", "/usr/sbin/virtqemud", "/usr/sbin/libvirtd", "/etc/systemd/system/sockets.target.wants/libvirtd.socket")]
    [InlineData("libvirtd", "/usr/sbin/virtqemud", "/usr/sbin/libvirtd", "/etc/systemd/system/multi-user.target.wants/libvirtd.service")]
    [InlineData("virtqemud", "/usr/sbin/virtqemud", "/usr/sbin/libvirtd", "/etc/systemd/system/sockets.target.wants/virtqemud.socket")]
    [InlineData("virtqemud", "/usr/sbin/virtqemud", "/etc/systemd/system/sockets.target.wants/libvirtd.socket")]
    public void The_daemon_of_a_host_where_none_listens_is_the_one_that_starts_there(string unit, params string[] files) =>
        LibvirtDaemon.Find(files.Contains).Unit.Should().Be(unit);
}
