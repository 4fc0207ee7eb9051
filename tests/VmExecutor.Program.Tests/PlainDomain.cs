namespace VmExecutor.Program.Tests;

/// <summary>A source's definition in which nothing is refused: one disk, one network interface, one serial console.</summary>
internal static class PlainDomain
{
    public const string Xml = """
        <domain type='kvm'>
          <name>plain</name>
          <memory unit='MiB'>512</memory>
          <vcpu>2</vcpu>
          <os><type arch='x86_64' machine='q35'>hvm</type><boot dev='hd'/></os>
          <devices>
            <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/base/root.qcow2'/><target dev='vda' bus='virtio'/></disk>
            <interface type='user'><mac address='52:54:00:12:34:56'/><model type='virtio'/></interface>
            <serial type='pty'/>
          </devices>
        </domain>
        """;
}
