using VmExecutor.Core.Clones;

namespace VmExecutor.Host.Libvirt;

public sealed partial class LibvirtHypervisor
{
    public Task<StorageVolume> FindVolumeAsync(VolumeName volume, CancellationToken cancellationToken) =>
        AskAsync($"for the volume '{volume.Volume}' of the storage pool '{volume.Pool}'", libvirt => libvirt.FindVolume(volume), cancellationToken);
}
