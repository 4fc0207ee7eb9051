using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Values;
using VmExecutor.Host.Libvirt.Native;

namespace VmExecutor.Host.Libvirt;

internal sealed partial class LibvirtSession
{
    /// <summary>Looks a volume up. A pool that is not active is left so, and a pool is not refreshed: both would change the host.</summary>
    public unsafe StorageVolume FindVolume(VolumeName name)
    {
        using var pool = LibvirtLibrary.virStoragePoolLookupByName(connect, name.Pool);
        if (pool.IsInvalid)
        {
            var failure = Failure(Of(name.Pool, nameof(LibvirtLibrary.virStoragePoolLookupByName)));
            return failure.Error.Number is LibvirtErrorNumber.NoStoragePool ? new StorageVolume(null, false, null, null) : throw failure;
        }

        var type = (string?)PoolXml(pool, name.Pool).Attribute("type") ?? "unknown";
        if (Check(LibvirtLibrary.virStoragePoolIsActive(pool), Of(name.Pool, nameof(LibvirtLibrary.virStoragePoolIsActive))) != 1)
        {
            return new StorageVolume(type, false, null, null);
        }

        using var volume = LibvirtLibrary.virStorageVolLookupByName(pool, name.Volume);
        if (volume.IsInvalid)
        {
            var failure = Failure(Of($"{name.Pool}/{name.Volume}", nameof(LibvirtLibrary.virStorageVolLookupByName)));
            return failure.Error.Number is LibvirtErrorNumber.NoStorageVolume ? new StorageVolume(type, true, null, null) : throw failure;
        }

        Check(LibvirtLibrary.virStorageVolGetInfo(volume, out var info), Of(name.Volume, nameof(LibvirtLibrary.virStorageVolGetInfo)));
        var path = LibvirtLibrary.virStorageVolGetPath(volume);
        return path is null
            ? throw Failure(Of(name.Volume, nameof(LibvirtLibrary.virStorageVolGetPath)))
            : new StorageVolume(type, true, (VolumeKind)info.Type, NativeText.Take(path));
    }

    /// <summary>Null: there is no such pool, it is not active, or its volumes are no files in a directory (formatstorage).</summary>
    public AbsolutePath? FindPoolDirectory(string name)
    {
        using var pool = LibvirtLibrary.virStoragePoolLookupByName(connect, name);
        if (pool.IsInvalid)
        {
            var failure = Failure(Of(name, nameof(LibvirtLibrary.virStoragePoolLookupByName)));
            return failure.Error.Number is LibvirtErrorNumber.NoStoragePool ? null : throw failure;
        }

        var xml = PoolXml(pool, name);
        return (string?)xml.Attribute("type") is "dir" or "fs" or "netfs"
            && Check(LibvirtLibrary.virStoragePoolIsActive(pool), Of(name, nameof(LibvirtLibrary.virStoragePoolIsActive))) == 1
            && AbsolutePath.TryParse((string?)xml.Element("target")?.Element("path"), out var directory) ? directory : null;
    }

    private unsafe XElement PoolXml(PoolHandle pool, string name)
    {
        var text = LibvirtLibrary.virStoragePoolGetXMLDesc(pool, 0);
        return text is null
            ? throw Failure(Of(name, nameof(LibvirtLibrary.virStoragePoolGetXMLDesc)))
            : XmlText.Parse(NativeText.Take(text));
    }
}
