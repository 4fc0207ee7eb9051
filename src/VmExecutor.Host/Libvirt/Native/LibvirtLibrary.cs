using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace VmExecutor.Host.Libvirt.Native;

/// <summary>
/// libvirt's C functions under their own names, documented at https://libvirt.org/html/index.html. A null handle, a null
/// pointer or -1 is a failure; what it was stands in <see cref="virGetLastError"/>, which is kept per thread.
/// </summary>
internal static unsafe partial class LibvirtLibrary
{
    private const string Library = "libvirt.so.0";

    /// <summary>Both calls are made for every connection: they may be repeated, and "once per process" would be a static with state.</summary>
    public static void Prepare()
    {
        _ = virInitialize();

        // Without a function of ours libvirt writes every error to stderr, also those that are answers ("no such domain").
        virSetErrorFunc(null, &IgnoreError);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void IgnoreError(void* userData, NativeError* error)
    {
    }

    [LibraryImport(Library)]
    private static partial int virInitialize();

    [LibraryImport(Library)]
    private static partial void virSetErrorFunc(void* userData, delegate* unmanaged[Cdecl]<void*, NativeError*, void> handler);

    /// <summary>Owned by the thread; overwritten or emptied by its next libvirt call.</summary>
    [LibraryImport(Library)]
    public static partial NativeError* virGetLastError();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial ConnectHandle virConnectOpen(string uri);

    [LibraryImport(Library)]
    public static partial int virConnectClose(nint connect);

    [LibraryImport(Library)]
    public static partial int virConnectIsAlive(ConnectHandle connect);

    [LibraryImport(Library)]
    public static partial int virConnectGetLibVersion(ConnectHandle connect, out CULong version);

    [LibraryImport(Library)]
    public static partial int virConnectGetVersion(ConnectHandle connect, out CULong version);

    [LibraryImport(Library)]
    public static partial byte* virConnectGetCapabilities(ConnectHandle connect);

    /// <returns>How many; the array and each of its domains are the caller's.</returns>
    [LibraryImport(Library)]
    public static partial int virConnectListAllDomains(ConnectHandle connect, out nint* domains, uint flags);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial DomainHandle virDomainLookupByName(ConnectHandle connect, string name);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial DomainHandle virDomainCreateXML(ConnectHandle connect, string xml, uint flags);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial DomainHandle virDomainDefineXMLFlags(ConnectHandle connect, string xml, uint flags);

    [LibraryImport(Library)]
    public static partial int virDomainUndefineFlags(DomainHandle domain, uint flags);

    /// <summary>Starts a domain that is defined.</summary>
    [LibraryImport(Library)]
    public static partial int virDomainCreateWithFlags(DomainHandle domain, uint flags);

    /// <returns>1: it has one.</returns>
    [LibraryImport(Library)]
    public static partial int virDomainHasManagedSaveImage(DomainHandle domain, uint flags);

    [LibraryImport(Library)]
    public static partial int virDomainFree(nint domain);

    /// <returns>Text that belongs to the domain: not to be freed.</returns>
    [LibraryImport(Library)]
    public static partial byte* virDomainGetName(nint domain);

    [LibraryImport(Library)]
    public static partial int virDomainGetState(DomainHandle domain, out int state, out int reason, uint flags);

    [LibraryImport(Library)]
    public static partial int virDomainIsActive(DomainHandle domain);

    [LibraryImport(Library)]
    public static partial byte* virDomainGetXMLDesc(DomainHandle domain, uint flags);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial byte* virDomainGetMetadata(nint domain, int type, string uri, uint flags);

    [LibraryImport(Library)]
    public static partial int virDomainGetInfo(DomainHandle domain, out NativeDomainInfo info);

    /// <returns>How many of the array's elements were filled in.</returns>
    [LibraryImport(Library)]
    public static partial int virDomainMemoryStats(DomainHandle domain, NativeMemoryStatistic* statistics, uint length, uint flags);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int virDomainAttachDeviceFlags(DomainHandle domain, string xml, uint flags);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int virDomainDetachDeviceFlags(DomainHandle domain, string xml, uint flags);

    [LibraryImport(Library)]
    public static partial int virDomainShutdownFlags(DomainHandle domain, uint flags);

    [LibraryImport(Library)]
    public static partial int virDomainSuspend(DomainHandle domain);

    [LibraryImport(Library)]
    public static partial int virDomainResume(DomainHandle domain);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int virDomainSetMetadata(DomainHandle domain, int type, string metadata, string key, string uri, uint flags);

    [LibraryImport(Library)]
    public static partial int virDomainDestroyFlags(DomainHandle domain, uint flags);

    /// <returns>How many; the array is the caller's, each interface goes to <see cref="virDomainInterfaceFree"/>.</returns>
    [LibraryImport(Library)]
    public static partial int virDomainInterfaceAddresses(DomainHandle domain, out NativeInterface** interfaces, uint source, uint flags);

    [LibraryImport(Library)]
    public static partial void virDomainInterfaceFree(NativeInterface* @interface);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial NetworkHandle virNetworkLookupByName(ConnectHandle connect, string name);

    [LibraryImport(Library)]
    public static partial int virNetworkFree(nint network);

    [LibraryImport(Library)]
    public static partial int virNetworkIsActive(NetworkHandle network);

    [LibraryImport(Library)]
    public static partial int virNetworkGetAutostart(NetworkHandle network, out int autostart);

    [LibraryImport(Library)]
    public static partial byte* virNetworkGetXMLDesc(NetworkHandle network, uint flags);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial PoolHandle virStoragePoolLookupByName(ConnectHandle connect, string name);

    [LibraryImport(Library)]
    public static partial int virStoragePoolFree(nint pool);

    [LibraryImport(Library)]
    public static partial int virStoragePoolIsActive(PoolHandle pool);

    [LibraryImport(Library)]
    public static partial byte* virStoragePoolGetXMLDesc(PoolHandle pool, uint flags);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial VolumeHandle virStorageVolLookupByName(PoolHandle pool, string name);

    [LibraryImport(Library)]
    public static partial int virStorageVolFree(nint volume);

    [LibraryImport(Library)]
    public static partial int virStorageVolGetInfo(VolumeHandle volume, out NativeVolumeInfo info);

    [LibraryImport(Library)]
    public static partial byte* virStorageVolGetPath(VolumeHandle volume);
}
