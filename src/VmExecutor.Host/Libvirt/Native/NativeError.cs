using System.Runtime.InteropServices;

namespace VmExecutor.Host.Libvirt.Native;

/// <summary>virterror.h, struct _virError.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeError
{
    public int Code;
    public int Domain;
    public byte* Message;
    public int Level;
    public nint Connect;
    public nint FailedDomain;
    public byte* Text1;
    public byte* Text2;
    public byte* Text3;
    public int Number1;
    public int Number2;
    public nint Network;
}
