using VmExecutor.Core.Clones;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Libvirt;

public sealed partial class LibvirtHypervisor
{
    public Task<StorageVolume> FindVolumeAsync(VolumeName volume, CancellationToken cancellationToken) =>
        AskAsync($"for the volume '{volume.Volume}' of the storage pool '{volume.Pool}'", libvirt => libvirt.FindVolume(volume), cancellationToken);

    public Task<AbsolutePath?> FindPoolDirectoryAsync(string pool, CancellationToken cancellationToken) =>
        AskAsync($"for the storage pool '{pool}'", libvirt => libvirt.FindPoolDirectory(pool), cancellationToken);
}
