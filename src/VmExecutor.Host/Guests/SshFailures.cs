using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Guests;

/// <summary>What people are told when ssh is not let in.</summary>
internal static class SshFailures
{
    public static SystemFailureException ToException(GuestAccess access, SshFailure failure, TimeSpan limit) => failure.Kind switch
    {
        SshFailureKind.HostKeyChanged => new(
            ErrorCodes.GuestHostKeyChanged,
            $"the guest {access} shows another host key than the pinned one: {failure.Evidence}",
            "Correct ssh.host_key of the image if the guest's key was changed; if not, something else answers at this address."),
        SshFailureKind.Denied => new(
            ErrorCodes.GuestSshRefused,
            $"the guest {access} does not accept the key {access.Key}, also after {DurationText.Format(limit)}: {failure.Evidence}",
            "Check ssh.user and ssh.key of the image: the public half belongs into that user's authorized_keys in the guest."),
        SshFailureKind.KeyUnusable => new(
            ErrorCodes.GuestSshRefused,
            $"ssh cannot use the key {access.Key}: {failure.Evidence}",
            "The private key must be readable by the runner's user and by nobody else: chown it to that user and chmod 600."),
        SshFailureKind.Incompatible => new(
            ErrorCodes.GuestSshRefused,
            $"ssh on this host and the guest {access} do not understand each other: {failure.Evidence}",
            "Update the ssh server in the image, or OpenSSH on this host."),
        _ => new(
            ErrorCodes.GuestSshTimedOut,
            $"no authenticated connection to the guest {access} within {DurationText.Format(limit)}: {failure.Evidence}",
            "Look at the guest's console log; on a busy or emulating host raise timeouts.ssh of the image."),
    };
}
