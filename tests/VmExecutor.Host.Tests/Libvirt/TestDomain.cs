namespace VmExecutor.Host.Tests.Libvirt;

/// <summary>A domain of one test: emulated, 32 MiB, no disks. Destroyed with virsh at the end, whatever the test did, its log too.</summary>
internal sealed class TestDomain : IDisposable
{
    public string Name { get; } = $"vmx-test-{Guid.NewGuid():N}"[..20];

    public string Xml => $"""
        <domain type='qemu'>
          <name>{Name}</name>
          <memory unit='MiB'>32</memory>
          <os><type>hvm</type></os>
          <devices>
            <controller type='usb' model='none'/>
            <memballoon model='none'/>
          </devices>
        </domain>
        """;

    public void Dispose()
    {
        Virsh.Run("destroy", Name);
        File.Delete($"/var/log/libvirt/qemu/{Name}.log");
    }
}
