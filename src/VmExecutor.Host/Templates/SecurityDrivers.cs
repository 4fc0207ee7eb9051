using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Templates;

/// <summary>
/// Finds the security module (AppArmor or SELinux) that keeps QEMU from files that libvirt does not know of, as the kernel tells.
/// </summary>
public static class SecurityDrivers
{
    public static readonly AbsolutePath AppArmor = new("/sys/module/apparmor/parameters/enabled");
    public static readonly AbsolutePath SELinux = new("/sys/fs/selinux/enforce");

    /// <summary>The one that refuses on this host; SELinux that only warns (permissive) does not.</summary>
    public static SecurityDriver Active() => Active(AppArmor, SELinux);

    /// <param name="appArmor">Y or N (kernel, security/apparmor/lsm.c).</param>
    /// <param name="seLinux">1 or 0 (selinux(8), selinuxfs).</param>
    public static SecurityDriver Active(AbsolutePath appArmor, AbsolutePath seLinux) =>
        Says(seLinux, '1') ? SecurityDriver.SELinux
        : Says(appArmor, 'Y') ? SecurityDriver.AppArmor
        : SecurityDriver.None;

    /// <summary>A kernel without the module has no such file.</summary>
    private static bool Says(AbsolutePath file, char yes)
    {
        try
        {
            return HostFile.ReadAllText(file.Value).TrimStart().StartsWith(yes);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return false;
        }
    }
}
