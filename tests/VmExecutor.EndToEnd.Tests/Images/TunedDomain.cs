using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Instruments;

namespace VmExecutor.EndToEnd.Tests.Images;

/// <summary>
/// A persistent domain as an administrator has tuned it over the years. It has a volume of a storage pool as second disk, a CD-ROM whose
/// file is gone, a pinned and tuned network card whose link is down, fixed ports, sockets and labels. Its pool and itself are undefined
/// at the end.
/// </summary>
internal sealed class TunedDomain : IAsyncDisposable
{
    /// <summary>The address that its guest is pinned to.</summary>
    public const string Mac = "52:54:00:5e:aa:01";

    public const string Password = "letme1n";

    private const string Volume = "data.img";

    private readonly string _directory;

    private TunedDomain(string name, string directory) => (Name, _directory) = (name, directory);

    public string Name { get; }

    public string RootDisk => Path.Combine(_directory, "root.qcow2");

    /// <summary>The file of the volume.</summary>
    public string DataDisk => Path.Combine(_directory, "pool", Volume);

    private string Pool => $"{Name}-pool";

    public static async Task<TunedDomain> DefineAsync(string name, string directory, TestGuest guest)
    {
        var domain = new TunedDomain(name, directory);
        await HostCommand.OutputAsync("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", guest.Disk, domain.RootDisk);
        Directory.CreateDirectory(Path.GetDirectoryName(domain.DataDisk)!);
        await DataFileSystem.WriteAsync(domain.DataDisk, "from the volume", "raw");
        var xml = Path.Combine(directory, "domain.xml");
        await File.WriteAllTextAsync(xml, domain.Xml(guest));
        try
        {
            await VirshAsync("pool-define-as", domain.Pool, "dir", "--target", Path.GetDirectoryName(domain.DataDisk)!);
            await VirshAsync("pool-start", domain.Pool);
            await VirshAsync("define", "--validate", xml);
            return domain;
        }
        catch
        {
            await domain.RemoveAsync();
            throw;
        }
    }

    public async Task<string> StateAsync() => (await VirshAsync("domstate", Name)).Trim();

    /// <summary>Everything about it that a clone must not change.</summary>
    public async Task<string> FingerprintAsync(TestGuest guest) => string.Join(
        '\n',
        await VirshAsync("dumpxml", "--inactive", "--security-info", Name),
        await VirshAsync("vol-list", Pool),
        await FileFingerprint.OfAsync(RootDisk),
        await FileFingerprint.OfAsync(DataDisk),
        await FileFingerprint.OfAsync(guest.Disk));

    public async ValueTask DisposeAsync()
    {
        await RemoveAsync();
        (await VirshAsync("list", "--all", "--name") + await VirshAsync("pool-list", "--all", "--name")).Should().NotContain(Name);
    }

    private async Task RemoveAsync()
    {
        string[][] commands = [["pool-destroy", Pool], ["pool-undefine", Pool], ["undefine", Name]];
        foreach (var command in commands)
        {
            await HostCommand.TryAsync("virsh", ["-c", "qemu:///system", .. command]);
        }
    }

    private static Task<string> VirshAsync(params string[] arguments) =>
        HostCommand.OutputAsync("virsh", ["-c", "qemu:///system", .. arguments]);

    private string Xml(TestGuest guest) => $"""
        <domain type='qemu'>
          <name>{Name}</name>
          <memory unit='MiB'>256</memory>
          <memtune><hard_limit unit='MiB'>300</hard_limit></memtune>
          <vcpu cpuset='0'>1</vcpu>
          <iothreads>1</iothreads>
          <cputune><vcpupin vcpu='0' cpuset='0'/><emulatorpin cpuset='0'/></cputune>
          <os>
            <type arch='x86_64' machine='q35'>hvm</type>
            <kernel>{guest.Kernel}</kernel>
            <initrd>{guest.Initrd}</initrd>
            <cmdline>{guest.Cmdline}</cmdline>
          </os>
          <features><acpi/></features>
          <cpu mode='maximum'/>
          <devices>
            <disk type='file' device='disk' snapshot='external'>
              <driver name='qemu' type='qcow2' cache='none' io='native' iothread='1' error_policy='stop'/>
              <source file='{RootDisk}'><seclabel model='dac' relabel='yes'><label>root:root</label></seclabel></source>
              <target dev='vda' bus='virtio'/>
            </disk>
            <disk type='volume' device='disk'>
              <driver name='qemu' type='raw' cache='none'/>
              <source pool='{Pool}' volume='{Volume}'/>
              <target dev='vdb' bus='virtio'/>
              <shareable/>
            </disk>
            <disk type='file' device='cdrom'>
              <driver name='qemu' type='raw'/>
              <source file='{_directory}/installer-that-is-gone.iso'/>
              <target dev='sda' bus='sata'/>
              <readonly/>
            </disk>
            <interface type='network'>
              <mac address='{Mac}'/>
              <source network='default'/>
              <target dev='tuned0'/>
              <model type='virtio'/>
              <driver name='vhost' queues='4' rx_queue_size='512'/>
              <filterref filter='clean-traffic'/>
              <bandwidth><inbound average='1000' floor='200'/><outbound average='128'/></bandwidth>
              <link state='down'/>
              <mtu size='9000'/>
              <coalesce><rx><frames max='7'/></rx></coalesce>
            </interface>
            <serial type='tcp'><source mode='bind' host='0.0.0.0' service='5986'/><protocol type='telnet'/><target port='0'/></serial>
            <channel type='unix'><source mode='bind' path='{_directory}/agent.sock'/><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
            <graphics type='vnc' port='5987' autoport='no' listen='0.0.0.0' passwd='{Password}'/>
            <video><model type='virtio' heads='1'/></video>
            <sound model='ich9'><audio id='2'/></sound>
            <audio id='2' type='pulseaudio' serverName='/run/user/1000/pulse/native'/>
            <watchdog model='i6300esb' action='pause'/>
            <rng model='virtio'><backend model='egd' type='unix'><source mode='connect' path='{_directory}/egd.sock'/></backend></rng>
          </devices>
          <seclabel type='static' model='dac' relabel='yes'><label>+0:+0</label></seclabel>
        </domain>
        """;
}
