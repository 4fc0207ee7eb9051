using FluentAssertions;
using VmExecutor.Core.Health;
using Xunit;

namespace VmExecutor.Core.Tests.Health;

public sealed class KvmRefusalTests
{
    [Theory]
    [InlineData("internal error: process exited: 2026-11-22T21:28:57Z qemu-system-x86_64: error: failed to set MSR 0x10a to 0x69\nqemu-system-x86_64: kvm_buf_set_msrs: Assertion `ret == cpu->kvm_msr_buf->nmsrs' failed.")]
    [InlineData("2026-11-22T21:28:57Z qemu-system-x86_64: error: failed to set MSR 0x10a to 0x69")]
    [InlineData("Could not access KVM kernel module: No such file or directory\n2026-11-22T21:28:57Z qemu-system-x86_64: failed to initialize kvm: No such file or directory")]
    [InlineData("2026-11-22T21:28:57Z qemu-kvm: -accel kvm: failed to initialize kvm: Permission denied")]
    [InlineData("2026-11-22T21:28:57Z kvm: ioctl(KVM_CREATE_VM) failed: 16 Device or resource busy")]
    [InlineData("invalid argument: could not find capabilities for arch=x86_64 domaintype=kvm ")]
    [InlineData("unsupported configuration: Emulator '/usr/bin/qemu-system-x86_64' does not support virt type 'kvm'")]
    [InlineData("2026-11-22T21:28:57Z qemu-system-x86_64: invalid accelerator kvm")]
    [InlineData("qemu-system-x86_64: Could not open '/dev/kvm': Permission denied")]
    public void KVM_refused(string message) => KvmRefusal.IsIn(message).Should().BeTrue();

    [Theory]
    [InlineData("2026-11-22T21:28:57Z qemu-kvm: cannot set up guest memory 'pc.ram': Cannot allocate memory")]
    [InlineData("2026-11-22T21:28:57Z kvm: cannot set up guest memory 'pc.ram': Cannot allocate memory")]
    [InlineData("2026-11-22T21:28:57Z kvm: could not load PC BIOS 'bios-256k.bin'")]
    [InlineData("Cannot check QEMU binary /usr/bin/kvm: No such file or directory")]
    [InlineData("internal error: cannot load AppArmor profile 'libvirt-3d0871a'")]
    [InlineData("End of file while reading data: Input/output error")]
    [InlineData("Failed to connect to the monitor socket of vmx-probe-12: No space left on device")]
    [InlineData("ioctl(KVM_CREATE_VM) failed: 12 Cannot allocate memory\nfailed to initialize KVM: Cannot allocate memory")]
    [InlineData("ioctl(KVM_CREATE_VM) failed: 4 Interrupted system call")]
    [InlineData("")]
    public void Something_else_refused(string message) => KvmRefusal.IsIn(message).Should().BeFalse();
}
