using System.Text;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Guests.Login;

/// <summary>
/// The login key and the guest's name as systemd's credential <c>tmpfiles.extra</c> (systemd-tmpfiles(8), since version 252): lines of
/// tmpfiles.d(5) that the guest carries out before its ssh server starts. A guest reads credentials from its SMBIOS tables
/// (systemd.exec(5), "type 11"). They are in QEMU's argument list, so there is no private key among them.
/// </summary>
public static class TmpfilesCredential
{
    private const string Prefix = "io.systemd.credential.binary:tmpfiles.extra=";

    /// <summary>The lines. The account's authorized keys are replaced: keys that are baked into the image do not open a clone.</summary>
    /// <param name="user">The account.</param>
    /// <param name="authorized">The job's public key.</param>
    /// <param name="domain">The clone, and its guest's host name.</param>
    public static string Lines(GuestUser user, HostKey authorized, DomainName domain)
    {
        // A percent sign would begin a specifier. User names and domain names have none, and the base64 of a key is not expanded.
        var directory = $"{GuestHome.Of(user)}/.ssh";
        var key = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{authorized} {domain}\n"));
        return $"""
            d {directory} 0700 {user} - - -
            f+~ {directory}/authorized_keys 0600 {user} - - {key}
            f+ /etc/hostname 0644 root root - {domain}\n
            w /proc/sys/kernel/hostname - - - - {domain}

            """;
    }

    /// <summary>The string for SMBIOS type 11.</summary>
    public static string OemString(GuestUser user, HostKey authorized, DomainName domain) =>
        Prefix + Convert.ToBase64String(Encoding.ASCII.GetBytes(Lines(user, authorized, domain)));
}
