namespace VmExecutor.Core.Configuration;

/// <summary>
/// Finds the libvirt that is meant. The order is virsh's own, so that the driver and an administrator's virsh see the same domains.
/// </summary>
public static class LibvirtUri
{
    /// <summary>The daemon of the machine.</summary>
    public const string System = "qemu:///system";

    /// <summary>The daemon of one user, started by libvirt at the first connection.</summary>
    public const string Session = "qemu:///session";

    // https://www.libvirt.org/manpages/virsh.html#environment, https://libvirt.org/uri.html#default-uri-choice
    private static readonly string[] Variables = ["VIRSH_DEFAULT_CONNECT_URI", "LIBVIRT_DEFAULT_URI"];

    /// <summary>True when the daemon of one user is meant, whatever the way to it.</summary>
    public static bool IsOfUser(string uri) => Uri.TryCreate(uri, UriKind.Absolute, out var parsed) && parsed.AbsolutePath == "/session";

    /// <summary>True when another machine's libvirt is meant.</summary>
    public static bool IsRemote(string uri) => Uri.TryCreate(uri, UriKind.Absolute, out var parsed) && parsed.Host.Length > 0;

    /// <summary>True when the environment names a libvirt.</summary>
    public static bool IsInEnvironment(IReadOnlyDictionary<string, string> environment) =>
        Variables.Any(variable => !string.IsNullOrWhiteSpace(environment.GetValueOrDefault(variable)));

    /// <summary>
    /// The setting, else <c>VIRSH_DEFAULT_CONNECT_URI</c>, else <c>LIBVIRT_DEFAULT_URI</c>, else <see cref="System"/> for
    /// root and <see cref="Session"/> for others. Empty counts as unset.
    /// </summary>
    /// <param name="setting"><see cref="LibvirtSettings.Uri"/>.</param>
    /// <param name="environment">The process's environment, as data.</param>
    /// <param name="isRoot">Whether the effective user is root.</param>
    public static string Resolve(string? setting, IReadOnlyDictionary<string, string> environment, bool isRoot) =>
        Variables
            .Select(variable => environment.GetValueOrDefault(variable))
            .Prepend(setting)
            .FirstOrDefault(uri => !string.IsNullOrWhiteSpace(uri))
            ?? (isRoot ? System : Session);
}
