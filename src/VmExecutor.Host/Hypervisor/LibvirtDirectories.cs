namespace VmExecutor.Host.Hypervisor;

/// <summary>
/// The directories in which a libvirt daemon of this machine keeps files by the name or the UUID of a domain (libvirt's qemu_conf.c; XDG
/// Base Directory Specification).
/// </summary>
/// <param name="Logs">QEMU's: <c>NAME.log</c>.</param>
/// <param name="TpmLogs">swtpm's: <c>NAME-swtpm.log</c>.</param>
/// <param name="TpmStates">A directory for each UUID, with what the guest keeps in an emulated TPM.</param>
internal sealed record LibvirtDirectories(string Logs, string TpmLogs, string TpmStates)
{
    /// <summary>Null: the daemon is another machine's, or not QEMU's.</summary>
    public static LibvirtDirectories? For(string uri) => For(
        uri,
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME"),
        Environment.GetEnvironmentVariable("XDG_CONFIG_HOME"),
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));

    /// <param name="uri">Also with a transport of this machine: <c>qemu+unix:///session?socket=…</c>.</param>
    /// <param name="cacheHome">XDG_CACHE_HOME; what is empty or no absolute path counts as unset.</param>
    /// <param name="configHome">XDG_CONFIG_HOME.</param>
    /// <param name="home">The user's home.</param>
    internal static LibvirtDirectories? For(string uri, string? cacheHome, string? configHome, string home)
    {
        if (!Uri.TryCreate(uri, UriKind.Absolute, out var parsed) || parsed.Host.Length > 0 || parsed.Scheme is not ("qemu" or "qemu+unix"))
        {
            return null;
        }

        if (parsed.AbsolutePath == "/system")
        {
            return new LibvirtDirectories("/var/log/libvirt/qemu", "/var/log/swtpm/libvirt/qemu", "/var/lib/libvirt/swtpm");
        }

        var logs = Path.Combine(Chosen(cacheHome, ".cache"), "libvirt/qemu/log");
        return parsed.AbsolutePath == "/session" ? new LibvirtDirectories(logs, logs, Path.Combine(Chosen(configHome, ".config"), "libvirt/qemu/swtpm")) : null;

        string Chosen(string? variable, string standard) => variable?.StartsWith('/') == true ? variable : Path.Combine(home, standard);
    }
}
