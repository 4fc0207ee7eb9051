namespace VmExecutor.Host.Hypervisor;

/// <summary>The program that a version is of.</summary>
public enum HypervisorComponent
{
    Libvirt,

    /// <summary>QEMU, <c>qemu-img</c> included: they are released together.</summary>
    Qemu,
}
