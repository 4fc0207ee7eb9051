namespace VmExecutor.Core.Templates;

/// <summary>The security module that confines QEMU to the files that libvirt knows of, beside owners and modes.</summary>
public enum SecurityDriver
{
    None,
    AppArmor,
    SELinux,
}
