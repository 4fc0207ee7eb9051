using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;

namespace VmExecutor.Host.Guests;

/// <summary>The guest's ssh server opens no further session over the kept connection. Nothing was run.</summary>
internal sealed class SessionRefusedException(GuestAccess access) : SystemFailureException(
    ErrorCodes.GuestSessionRefused,
    $"the ssh server of the guest {access} opens no further session (MaxSessions)",
    "Each script and each 'vm-executor ssh' needs one. Let sshd_config of the image have 'MaxSessions 10', the default; two are enough while no person is in.")
{
    /// <summary>True when this is ssh's message of it (OpenSSH: mux.c, the server's reason at its end).</summary>
    public static bool IsIn(string said) => said.Contains("session request failed: Session open refused by peer", StringComparison.Ordinal);
}
