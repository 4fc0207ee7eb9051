namespace VmExecutor.Core.Values;

/// <summary>The file system that a path is on.</summary>
/// <param name="Type">The kernel's name of it: <c>ext4</c>, <c>nfs4</c>, <c>fuse.sshfs</c>.</param>
/// <param name="MountPoint">Where it is mounted.</param>
/// <param name="IsReadOnly">It is mounted read-only here, or is read-only as a whole.</param>
/// <param name="AdmitsOthers">False: only the user who mounted it may enter (FUSE without <c>allow_other</c>).</param>
public sealed record MountedFileSystem(string Type, AbsolutePath MountPoint, bool IsReadOnly, bool AdmitsOthers)
{
    /// <summary>Its files are memory and gone with a restart. The /dev of a container is a tmpfs, that of a host a devtmpfs.</summary>
    public bool IsInMemory => Type is "tmpfs" or "ramfs" or "devtmpfs" or "rootfs" or "hugetlbfs";

    /// <summary>The kernel's own view of itself, where no file can be made even though the mode would allow it.</summary>
    public bool IsOfKernel => Type is "proc" or "sysfs" or "devpts" or "mqueue" or "cgroup" or "cgroup2" or "securityfs" or "debugfs" or "tracefs"
        or "configfs" or "efivarfs" or "pstore" or "bpf" or "autofs" or "binfmt_misc" or "selinuxfs" or "fusectl" or "rpc_pipefs" or "nsfs";

    /// <summary>The writable layer of a container or of a live system, which goes with it.</summary>
    public bool IsLayer => Type is "overlay" or "overlayfs" or "aufs" or "unionfs" or "fuse.fuse-overlayfs" or "fuse.unionfs";

    /// <summary>Its files are on another machine.</summary>
    public bool IsOnNetwork => Type is "nfs" or "nfs4" or "cifs" or "smb2" or "smb3" or "smbfs" or "ceph" or "9p" or "virtiofs" or "afs" or "lustre" or "glusterfs"
        or "fuse" || Type.StartsWith("fuse.", StringComparison.Ordinal);

    /// <summary>The reason why a disk that is to last may not lie there, as the end of a sentence; null: it may.</summary>
    public string? ObstacleForDisks =>
        IsInMemory ? $"{MountPoint} is a {Type}, so its files are in memory and are lost when the host restarts"
        : IsOfKernel ? $"{MountPoint} is a {Type}, which takes no files"
        : IsReadOnly ? $"{MountPoint} ({Type}) is mounted read-only"
        : null;
}
