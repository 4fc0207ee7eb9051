namespace VmExecutor.Core.Clones;

/// <summary>A volume of a storage pool, as a disk of type <c>volume</c> names it.</summary>
/// <param name="Pool">The pool.</param>
/// <param name="Volume">The volume in it.</param>
public sealed record VolumeName(string Pool, string Volume);

/// <summary>libvirt's answer to the question for a volume.</summary>
/// <param name="PoolType">The pool's type in libvirt's words (<c>dir</c>, <c>logical</c>, <c>rbd</c>); null: there is no such pool.</param>
/// <param name="PoolIsActive">Only an active pool tells its volumes.</param>
/// <param name="Kind">Null: the pool has no such volume, or is not active.</param>
/// <param name="Path">The volume's place, in the words of its kind.</param>
public sealed record StorageVolume(string? PoolType, bool PoolIsActive, VolumeKind? Kind, string? Path);

/// <summary>virStorageVolType of libvirt-storage.h, with its numbers.</summary>
public enum VolumeKind
{
    File = 0,
    Block = 1,
    Directory = 2,
    Network = 3,
    NetworkDirectory = 4,
    Ploop = 5,
}
