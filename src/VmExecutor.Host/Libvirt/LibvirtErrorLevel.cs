namespace VmExecutor.Host.Libvirt;

/// <summary>virterror.h, virErrorLevel.</summary>
public enum LibvirtErrorLevel
{
    None = 0,
    Warning = 1,
    Error = 2,
}
