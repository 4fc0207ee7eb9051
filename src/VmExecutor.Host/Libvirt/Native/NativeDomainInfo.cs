using System.Runtime.InteropServices;

namespace VmExecutor.Host.Libvirt.Native;

/// <summary>libvirt-domain.h, struct _virDomainInfo.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeDomainInfo
{
    public byte State;
    public CULong MaximumMemory;
    public CULong Memory;
    public ushort Processors;

    /// <summary>Nanoseconds.</summary>
    public ulong CpuTime;
}

/// <summary>libvirt-domain.h, struct _virDomainMemoryStat.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeMemoryStatistic
{
    public int Tag;
    public ulong Value;
}
