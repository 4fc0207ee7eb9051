namespace VmExecutor.Core.Clones.Parts;

/// <summary>The reasons for refusing a part; each has one hint and one error code.</summary>
public enum RefusalKind
{
    /// <summary>A device, directory or socket of the host.</summary>
    HostDevice,

    /// <summary>A disk, firmware or machine that no clone can be made of.</summary>
    NotClonable,

    /// <summary>Arguments and settings that libvirt hands to QEMU unread.</summary>
    QemuArguments,

    /// <summary>The table of parts has no row for it.</summary>
    Unknown,
}
