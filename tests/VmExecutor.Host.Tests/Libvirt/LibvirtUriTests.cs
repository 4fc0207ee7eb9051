using FluentAssertions;
using VmExecutor.Core.Configuration;
using Xunit;

namespace VmExecutor.Host.Tests.Libvirt;

public sealed class LibvirtUriTests
{
    [Fact]
    public void The_setting_comes_before_the_environment() =>
        Resolve("qemu+ssh://far/system", "qemu:///virsh", "qemu:///libvirt").Should().Be("qemu+ssh://far/system");

    [Fact]
    public void The_variable_of_virsh_comes_before_that_of_libvirt() =>
        Resolve(null, "qemu:///virsh", "qemu:///libvirt").Should().Be("qemu:///virsh");

    [Fact]
    public void The_variable_of_libvirt_comes_before_the_default() =>
        Resolve(null, null, "qemu:///libvirt").Should().Be("qemu:///libvirt");

    [Fact]
    public void Empty_counts_as_unset() =>
        Resolve("", "", "qemu:///libvirt").Should().Be("qemu:///libvirt");

    [Theory]
    [InlineData(true, "qemu:///system")]
    [InlineData(false, "qemu:///session")]
    public void The_default_is_the_machine_for_root_and_the_session_for_others(bool isRoot, string uri) =>
        LibvirtUri.Resolve(null, new Dictionary<string, string>(), isRoot).Should().Be(uri);

    private static string Resolve(string? setting, string? virsh, string? libvirt)
    {
        var environment = new Dictionary<string, string> { ["HOME"] = "/root" };
        if (virsh is not null)
        {
            environment["VIRSH_DEFAULT_CONNECT_URI"] = virsh;
        }

        if (libvirt is not null)
        {
            environment["LIBVIRT_DEFAULT_URI"] = libvirt;
        }

        return LibvirtUri.Resolve(setting, environment, isRoot: true);
    }
}
