using Microsoft.Win32.SafeHandles;

namespace VmExecutor.Host.Libvirt.Native;

/// <summary>A virDomainPtr. It keeps its connection open, so it has to go first.</summary>
internal sealed class DomainHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle() => LibvirtLibrary.virDomainFree(handle) >= 0;
}
