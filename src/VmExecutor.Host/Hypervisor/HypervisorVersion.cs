namespace VmExecutor.Host.Hypervisor;

/// <summary>Versions as people write them (<c>9.0.0</c>, <c>7.2.22</c>).</summary>
public sealed record HypervisorVersion(string Libvirt, string Qemu);
