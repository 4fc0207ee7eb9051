using Microsoft.Win32.SafeHandles;

namespace VmExecutor.Host.Libvirt.Native;

/// <summary>A virStorageVolPtr. It keeps its connection open, so it has to go first.</summary>
internal sealed class VolumeHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle() => LibvirtLibrary.virStorageVolFree(handle) >= 0;
}
