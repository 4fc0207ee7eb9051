using System.Runtime.InteropServices;

namespace VmExecutor.Host.Libvirt.Native;

/// <summary>libvirt-storage.h, struct _virStorageVolInfo.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeVolumeInfo
{
    public int Type;

    /// <summary>Bytes.</summary>
    public ulong Capacity;

    /// <summary>Bytes.</summary>
    public ulong Allocation;
}
