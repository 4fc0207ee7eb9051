namespace VmExecutor.Host.Libvirt;

/// <summary>virterror.h, virErrorDomain: the part of libvirt an error came from. Any other value may occur.</summary>
public enum LibvirtErrorDomain
{
    None = 0,
    Rpc = 7,
    Qemu = 10,
    Test = 12,
    Remote = 13,
    Network = 19,
    DomainDefinition = 20,
}
