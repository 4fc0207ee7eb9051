using System.Runtime.InteropServices;

namespace VmExecutor.Host.Libvirt.Native;

/// <summary>The functions libvirt has for QEMU only (libvirt-qemu.h); loaded when first called.</summary>
internal static unsafe partial class LibvirtQemuLibrary
{
    [LibraryImport("libvirt-qemu.so.0", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int virDomainQemuMonitorCommand(DomainHandle domain, string command, out byte* result, uint flags);

    /// <summary>Since libvirt 8.2; the file descriptors go to the daemon and from there to QEMU, so only over a local connection.</summary>
    [LibraryImport("libvirt-qemu.so.0", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int virDomainQemuMonitorCommandWithFiles(
        DomainHandle domain, string command, uint inputCount, int* inputs, uint* outputCount, int** outputs, out byte* result, uint flags);
}
