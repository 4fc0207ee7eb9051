using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.ProjectDisks;

/// <summary>Plugs a project's disk into a running VM (<see cref="DiskPlug"/>).</summary>
public sealed class DiskPlugger(IHypervisor hypervisor)
{
    /// <param name="domain">The VM.</param>
    /// <param name="files">The overlay, and the files below it.</param>
    /// <param name="cancellationToken">Ends it; what was plugged in goes with the VM.</param>
    /// <exception cref="HypervisorException">QEMU refused.</exception>
    /// <exception cref="HostFileException">A file cannot be opened.</exception>
    public async Task PlugInAsync(string domain, IReadOnlyList<AbsolutePath> files, CancellationToken cancellationToken)
    {
        var qemu = new QemuMonitor(hypervisor, domain);
        var port = DiskPlug.FindPort(await qemu.TellAsync(DiskPlug.AskDevices, null, cancellationToken).ConfigureAwait(false));
        for (var number = 0; number < files.Count; number++)
        {
            // Shared with all: QEMU has locks of its own on its files.
            using var file = HostFile.OpenHandle(files[number].Value, FileMode.Open, number == 0 ? FileAccess.ReadWrite : FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            await qemu.TellAsync(DiskPlug.TakeFile(number), file, cancellationToken).ConfigureAwait(false);
        }

        foreach (var command in DiskPlug.Commands(files.Count, port))
        {
            await qemu.TellAsync(command, null, cancellationToken).ConfigureAwait(false);
        }
    }
}
