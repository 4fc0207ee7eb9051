using System.Runtime.InteropServices;
using VmExecutor.Host.Tests.Libvirt;
using Xunit;

namespace VmExecutor.Host.Tests;

/// <summary>
/// A prerequisite of a test on the machine: if it is missing, the test is skipped on a laptop and fails in CI (<c>CI=true</c>).
/// </summary>
internal static class Prerequisite
{
    /// <summary>libvirt's client library; enough for <c>test:///default</c>.</summary>
    public static void LibvirtLibrary() =>
        Require(NativeLibrary.TryLoad("libvirt.so.0", out _), "libvirt0 is not installed: apt-get install libvirt0");

    /// <summary>A libvirt daemon that serves qemu:///system to this user.</summary>
    public static void Libvirt() => Require(
        Virsh.Run("uri").ExitCode == 0,
        "no libvirt daemon serves qemu:///system: apt-get install libvirt-daemon-system libvirt-clients, then systemctl start libvirtd (without systemd: virtlogd -d; libvirtd -d)");

    public static void Require(bool present, string otherwise)
    {
        if (present)
        {
            return;
        }

        if (Environment.GetEnvironmentVariable("CI") == "true")
        {
            Assert.Fail($"a prerequisite is missing in CI: {otherwise}");
        }

        Assert.Skip(otherwise);
    }
}
