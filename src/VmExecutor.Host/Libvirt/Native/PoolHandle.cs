using Microsoft.Win32.SafeHandles;

namespace VmExecutor.Host.Libvirt.Native;

/// <summary>A virStoragePoolPtr. It keeps its connection open, so it has to go first.</summary>
internal sealed class PoolHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle() => LibvirtLibrary.virStoragePoolFree(handle) >= 0;
}
