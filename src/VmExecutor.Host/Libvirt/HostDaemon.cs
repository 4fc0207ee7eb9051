using VmExecutor.Core.Configuration;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Libvirt;

/// <summary>Finds out which of libvirt's daemons this host has.</summary>
public static class HostDaemon
{
    public static LibvirtDaemon Find() => LibvirtDaemon.Find(path => HostFile.Look(path) == Presence.There);

    /// <summary>The place where the daemon behind a connection writes, as the end of a sentence.</summary>
    /// <param name="uri">Of the connection.</param>
    public static string LogOf(string uri) => (LibvirtUri.IsRemote(uri), LibvirtUri.IsOfUser(uri)) switch
    {
        (true, _) => "the journal of the remote host",

        // The user's daemon is no unit; without journald it writes into a file (libvirt's virLogSetDefaultOutput).
        (false, true) => "journalctl --user, or the files in ${XDG_CACHE_HOME:-~/.cache}/libvirt",
        _ => Find().Journal,
    };
}
