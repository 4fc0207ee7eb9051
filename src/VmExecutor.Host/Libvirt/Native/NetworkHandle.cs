using Microsoft.Win32.SafeHandles;

namespace VmExecutor.Host.Libvirt.Native;

/// <summary>A virNetworkPtr. It keeps its connection open, so it has to go first.</summary>
internal sealed class NetworkHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle() => LibvirtLibrary.virNetworkFree(handle) >= 0;
}
