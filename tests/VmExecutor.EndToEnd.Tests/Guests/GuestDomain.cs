using VmExecutor.EndToEnd.Tests.Instruments;

namespace VmExecutor.EndToEnd.Tests.Guests;

/// <summary>A persistent domain of a guest of the matrix, as an administrator keeps one to clone from; undefined at the end.</summary>
internal sealed class GuestDomain : IAsyncDisposable
{
    private static readonly string[] Own = ["disk.qcow2", "data.qcow2", "nvram.fd"];

    private GuestDomain(string name, string directory) => (Name, Directory) = (name, directory);

    public string Name { get; }

    /// <summary>Its disks and UEFI variables.</summary>
    public string Directory { get; }

    /// <summary>Its disks stand on those of the guest, which are shared.</summary>
    public static async Task<GuestDomain> DefineAsync(BuiltGuest guest, string name, string directory, string machine = "q35")
    {
        foreach (var disk in new[] { guest.Disk, guest.DataDisk }.Where(File.Exists))
        {
            await HostCommand.OutputAsync("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", disk, Path.Combine(directory, Path.GetFileName(disk)));
        }

        if (File.Exists(guest.Nvram))
        {
            File.Copy(guest.Nvram, Path.Combine(directory, "nvram.fd"));
        }

        var xml = Path.Combine(directory, "domain.xml");
        await File.WriteAllTextAsync(xml, guest.DomainXml(name, directory).Replace("machine='q35'", $"machine='{machine}'", StringComparison.Ordinal));
        await HostCommand.OutputAsync("virsh", "-c", "qemu:///system", "define", "--validate", xml);
        return new GuestDomain(name, directory);
    }

    /// <summary>Everything about it that its clones must not change.</summary>
    public async Task<string> FingerprintAsync()
    {
        var files = Own.Select(name => Path.Combine(Directory, name)).Where(File.Exists);
        return string.Join('\n', [await HostCommand.OutputAsync("virsh", "-c", "qemu:///system", "dumpxml", "--inactive", Name), .. await Task.WhenAll(files.Select(FileFingerprint.OfAsync))]);
    }

    public ValueTask DisposeAsync() => RemoveAsync(Name);

    /// <summary>Undefines a domain, with all that libvirt keeps of it.</summary>
    public static async ValueTask RemoveAsync(string name)
    {
        await HostCommand.TryAsync("virsh", "-q", "-c", "qemu:///system", "destroy", name);
        await HostCommand.TryAsync("virsh", "-q", "-c", "qemu:///system", "undefine", "--nvram", name);

        // The directories are made by the first VM, and by the first one with a TPM.
        await HostCommand.OutputAsync("rm", "-f", "--", $"/var/log/libvirt/qemu/{name}.log", $"/var/log/swtpm/libvirt/qemu/{name}-swtpm.log");
    }
}
