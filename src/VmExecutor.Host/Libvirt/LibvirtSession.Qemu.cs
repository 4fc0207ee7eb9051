using Microsoft.Win32.SafeHandles;
using VmExecutor.Host.Libvirt.Native;

namespace VmExecutor.Host.Libvirt;

internal sealed partial class LibvirtSession
{
    // libvirt-domain.h, VIR_DOMAIN_AFFECT_LIVE; libvirt-qemu.h, VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP.
    private const uint AffectLive = 1 << 0;
    private const uint HumanMonitor = 1 << 0;
    private const uint MachineMonitor = 0;

    /// <exception cref="LibvirtException">Also when there is no such running domain.</exception>
    public unsafe string SendMonitorCommand(string name, string command)
    {
        using var domain = Get(name);
        var result = LibvirtQemuLibrary.virDomainQemuMonitorCommand(domain, command, out var answer, HumanMonitor);
        return result < 0
            ? throw Failure($"{Of(name, nameof(LibvirtQemuLibrary.virDomainQemuMonitorCommand))} ('{command}')")
            : NativeText.Take(answer);
    }

    /// <exception cref="LibvirtException">Also when there is no such running domain.</exception>
    public unsafe string SendMachineCommand(string name, string command)
    {
        using var domain = Get(name);
        var result = LibvirtQemuLibrary.virDomainQemuMonitorCommand(domain, command, out var answer, MachineMonitor);
        return result < 0
            ? throw Failure($"{Of(name, nameof(LibvirtQemuLibrary.virDomainQemuMonitorCommand))} ('{command}')")
            : NativeText.Take(answer);
    }

    /// <param name="name">The domain.</param>
    /// <param name="command">For its monitor.</param>
    /// <param name="file">Handed over. Its owner may stop waiting for this call, so the call's thread was lent it (<see cref="CallThread.RunAsync"/>).</param>
    /// <exception cref="LibvirtException">Also when there is no such running domain.</exception>
    public unsafe string SendMachineCommand(string name, string command, SafeFileHandle file)
    {
        using var domain = Get(name);
        var descriptor = file.DangerousGetHandle().ToInt32();
        var result = LibvirtQemuLibrary.virDomainQemuMonitorCommandWithFiles(domain, command, 1, &descriptor, null, null, out var answer, MachineMonitor);
        return result < 0
            ? throw Failure($"{Of(name, nameof(LibvirtQemuLibrary.virDomainQemuMonitorCommandWithFiles))} ('{command}')")
            : NativeText.Take(answer);
    }

    public void AttachDevice(string name, string xml)
    {
        using var domain = Get(name);
        Check(LibvirtLibrary.virDomainAttachDeviceFlags(domain, xml, AffectLive), Of(name, nameof(LibvirtLibrary.virDomainAttachDeviceFlags)));
    }

    /// <summary>Asks the guest to give a device up: it has gone when the domain's XML no longer has it.</summary>
    public void DetachDevice(string name, string xml)
    {
        using var domain = Get(name);
        Check(LibvirtLibrary.virDomainDetachDeviceFlags(domain, xml, AffectLive), Of(name, nameof(LibvirtLibrary.virDomainDetachDeviceFlags)));
    }
}
