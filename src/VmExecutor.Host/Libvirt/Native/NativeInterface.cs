using System.Runtime.InteropServices;

namespace VmExecutor.Host.Libvirt.Native;

/// <summary>libvirt-domain.h, struct _virDomainInterface.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeInterface
{
    public byte* Name;
    public byte* HardwareAddress;
    public uint AddressCount;
    public NativeAddress* Addresses;
}

/// <summary>libvirt-domain.h, struct _virDomainInterfaceIPAddress.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeAddress
{
    /// <summary>virIPAddrType: 0 is IPv4.</summary>
    public int Type;
    public byte* Address;
    public uint Prefix;
}
