using Microsoft.Win32.SafeHandles;

namespace VmExecutor.Host.Libvirt.Native;

/// <summary>A virConnectPtr.</summary>
internal sealed class ConnectHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle() => LibvirtLibrary.virConnectClose(handle) >= 0;
}
