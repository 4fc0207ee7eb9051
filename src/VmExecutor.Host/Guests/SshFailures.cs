using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Guests;

/// <summary>The messages for people when ssh did not get in.</summary>
internal static class SshFailures
{
    internal const string LimitedHint =
        "A firewall in the guest seems to count new connections ('ufw limit ssh', a rule with 'recent' or 'meter'): let it allow ssh without a limit. Or sshd_config has a low MaxStartups, or PerSourcePenalties.";

    private const string ClosedHint =
        "The guest's server began the login and then closed the connection. See its log in the guest (journalctl -u ssh) and its PAM configuration (/etc/pam.d/sshd). If the guest was still starting (pam_nologin), raise timeouts.ssh of the image.";

    /// <summary>The guest that answers is not the clone's.</summary>
    public static SystemFailureException NotOurs(GuestAccess access, GuestProofVerdict verdict) => verdict switch
    {
        GuestProofVerdict.OtherCard => new(
            ErrorCodes.GuestIsAnother,
            $"the guest at {access.Address} is not {access.Domain}: no network card of it has the address {access.Proof?.Card}",
            "The libvirt network has given one address to two guests; see dhcp-ignore-clid in config/README.md."),
        GuestProofVerdict.OtherToken => new(
            ErrorCodes.GuestIsAnother,
            $"the guest at {access.Address} is not {access.Domain}: it is the VM of another job. Nothing of this job was sent to it",
            "The network has given one address to two guests; see dhcp-ignore-clid in config/README.md. Retry the job."),
        _ when access.Proof is { Placed: false } proof => new(
            ErrorCodes.GuestUnproven,
            $"the guest at {access.Address} has nothing that shows that it is {access.Domain}: it does not tell the addresses of its network cards, of which one must be {proof.Card}. Nothing of this job was sent to it",
            "On a libvirt network each guest must tell them, by /sys/class/net or 'ifconfig -a'. Or write 'network: {mode: user}' for the image."),
        _ => new(
            ErrorCodes.GuestUnproven,
            $"the guest at {access.Address} has nothing that shows that it is {access.Domain}: the connection was opened anew, and neither the token nor the boot of the guest that prepare met was found. Nothing of this job was sent to it",
            "Did the job remove ~/.vmx-clone and the temporary directory's, or reboot the guest? If not, another machine answers at this address: see dhcp-ignore-clid in config/README.md."),
    };

    public static SystemFailureException ToException(GuestAccess access, SshFailure failure, TimeSpan limit) => failure.Kind switch
    {
        SshFailureKind.HostKeyChanged => new(
            ErrorCodes.GuestHostKeyChanged,
            $"the guest {access} shows another host key than the pinned one: {failure.Evidence}",
            "Correct ssh.host_key of the image if the guest's key was changed, or publish the image again; 'ssh: {pin: job}' is for a guest that makes host keys at each boot. If nothing was changed, something else answers at this address."),
        SshFailureKind.Denied => new(
            ErrorCodes.GuestSshRefused,
            $"the guest {access} does not accept the key {access.Key}, also after {DurationText.Format(limit)}: {failure.Evidence}",
            $"Check ssh.user and ssh.key of the image: the public half belongs into that user's authorized_keys in the guest. If it is there, see why '{access.User}' may not log in: account locked or expired (passwd -S, chage -l), login shell missing, AllowUsers or DenyUsers in sshd_config, home or .ssh writable for others."),
        SshFailureKind.KeyUnusable => new(
            ErrorCodes.GuestSshRefused,
            $"ssh cannot use the key {access.Key}: {failure.Evidence}",
            "The private key must be readable by the runner's user and by no other user: chown it to that user and chmod 600."),
        SshFailureKind.Incompatible => new(
            ErrorCodes.GuestSshRefused,
            $"ssh on this host and the guest {access} do not understand each other: {failure.Evidence}",
            "Update the ssh server in the image, or OpenSSH on this host."),
        _ => new(
            ErrorCodes.GuestSshTimedOut,
            $"no authenticated connection to the guest {access} within {DurationText.Format(limit)}: {failure.Evidence}",
            failure.ClosedInLogin ? ClosedHint
                : failure.SeemsLimited ? $"Its server had answered before. {LimitedHint}"
                : "Look at the guest's console log; on a busy or emulating host raise timeouts.ssh of the image."),
    };
}
