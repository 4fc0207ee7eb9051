using VmExecutor.Core.Configuration;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Libvirt;

/// <summary>Finds out which of libvirt's daemons this host has.</summary>
public static class HostDaemon
{
    public static LibvirtDaemon Find() => LibvirtDaemon.Find(path => HostFile.Look(path) == Presence.There);
}
