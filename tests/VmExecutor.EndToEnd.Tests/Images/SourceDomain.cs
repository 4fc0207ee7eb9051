using VmExecutor.EndToEnd.Tests.Instruments;

namespace VmExecutor.EndToEnd.Tests.Images;

/// <summary>A persistent domain with two disks, as an administrator keeps one to clone from; undefined at the end.</summary>
internal sealed class SourceDomain : IAsyncDisposable
{
    private SourceDomain(string name, string directory)
    {
        Name = name;
        RootDisk = Path.Combine(directory, "root.qcow2");
        DataDisk = Path.Combine(directory, "data.qcow2");
    }

    public string Name { get; }

    /// <summary>Has a backing file itself, the test guest's disk.</summary>
    public string RootDisk { get; }

    public string DataDisk { get; }

    /// <summary>Two disks and, where given, one more device.</summary>
    public static async Task<SourceDomain> DefineAsync(string name, string directory, TestGuest guest, string device = "")
    {
        var domain = new SourceDomain(name, directory);
        await HostCommand.OutputAsync("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", guest.Disk, domain.RootDisk);
        await DataFileSystem.WriteAsync(domain.DataDisk, "from the base");
        var xml = Path.Combine(directory, "domain.xml");
        await File.WriteAllTextAsync(xml, domain.Xml(guest, device));
        await VirshAsync("define", "--validate", xml);
        return domain;
    }

    /// <summary>Exchanges what its data disk says, as its administrator would while it is shut off.</summary>
    public Task EditAsync(string hello) => DataFileSystem.WriteAsync(DataDisk, hello);

    public Task StartAsync() => VirshAsync("start", Name);

    public async Task<string> StateAsync() => (await VirshAsync("domstate", Name)).Trim();

    /// <summary>Everything about it that a clone must not change.</summary>
    public async Task<string> FingerprintAsync(TestGuest guest) => string.Join(
        '\n',
        await VirshAsync("dumpxml", "--inactive", Name),
        await FileFingerprint.OfAsync(RootDisk),
        await FileFingerprint.OfAsync(DataDisk),
        await FileFingerprint.OfAsync(guest.Disk));

    public async ValueTask DisposeAsync()
    {
        await HostCommand.TryAsync("virsh", "-c", "qemu:///system", "destroy", Name);
        await VirshAsync("undefine", Name);
        File.Delete($"/var/log/libvirt/qemu/{Name}.log");
    }

    private static Task<string> VirshAsync(params string[] arguments) =>
        HostCommand.OutputAsync("virsh", ["-c", "qemu:///system", .. arguments]);

    private string Xml(TestGuest guest, string device) => $"""
        <domain type='qemu'>
          <name>{Name}</name>
          <memory unit='MiB'>256</memory>
          <vcpu>1</vcpu>
          <os>
            <type arch='x86_64' machine='q35'>hvm</type>
            <kernel>{guest.Kernel}</kernel>
            <initrd>{guest.Initrd}</initrd>
            <cmdline>{guest.Cmdline}</cmdline>
          </os>
          <features><acpi/></features>
          <cpu mode='maximum'/>
          <devices>
            <disk type='file' device='disk'>
              <driver name='qemu' type='qcow2'/>
              <source file='{RootDisk}'/>
              <target dev='vda' bus='virtio'/>
            </disk>
            <disk type='file' device='disk'>
              <driver name='qemu' type='qcow2'/>
              <source file='{DataDisk}'/>
              <target dev='vdb' bus='virtio'/>
            </disk>
            <interface type='user'>
              <mac address='52:54:00:aa:bb:cc'/>
              <model type='virtio'/>
            </interface>
            <serial type='pty'/>
            <console type='pty'/>
            <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
            {device}
          </devices>
        </domain>
        """;
}
